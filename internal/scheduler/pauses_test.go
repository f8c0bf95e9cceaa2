package scheduler

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/job"
)

// The log says what is paused at first, and then what changes.
func TestPausesAreLoggedWhenTheyChange(t *testing.T) {
	var out strings.Builder
	told := pauses{story: &story{log: slog.New(slog.NewTextHandler(&out, nil))}}
	says := func(when string, want ...string) {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if out.Len() == 0 {
			lines = nil
		}
		out.Reset()
		ok := len(lines) == len(want)
		for i := range lines {
			ok = ok && strings.Contains(lines[i], want[i])
		}
		if !ok {
			t.Errorf("%s: %q, want %q", when, lines, want)
		}
	}
	told.compare([]job.Pause{everything(1, -1)})
	says("at first", `level=WARN msg="everything is paused: no run begins on any node" what=everything `+
		`since=2026-03-01T09:00:01.000Z by=ada`)
	told.compare([]job.Pause{everything(1, -1)})
	says("again")
	told.compare([]job.Pause{everything(1, -1), web(2, -1)})
	says("a label", `what="label team=web"`)
	told.compare([]job.Pause{web(2, -1)})
	says("resumed", `msg="pause is over" what=everything`)
	told.compare([]job.Pause{web(9, -1)})
	says("paused anew", `since=2026-03-01T09:00:09.000Z`)
}
