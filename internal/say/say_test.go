package say_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/say"
)

func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	stockholm := time.FixedZone("CET", 3600)
	for got, want := range map[string]string{
		say.Time(time.Date(2026, 3, 1, 9, 0, 0, 250_999_000, stockholm)): "2026-03-01 08:00:00.25 UTC",
		say.Time(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)):            "2026-03-01 09:00:00 UTC",
		say.Duration(90*time.Second + 449*time.Millisecond):              "1m30.4s",
		say.Duration(1499 * time.Microsecond):                            "1ms",
		say.Duration(1499 * time.Nanosecond):                             "1µs",
		say.Count(0, "run", "runs"):                                      "0 runs",
		say.Count(1, "run", "runs"):                                      "1 run",
		say.Because("paused by ada", ""):                                 "paused by ada",
		say.Because("paused by ada", "disk full"):                        "paused by ada: disk full",
		say.Brief("short"):                                               "short",
		say.Quoted("a\x00b"):                                             `"a\x00b"`,
		say.ShellWord("team=web"):                                        "team=web",
		say.ShellWord("team=it's"):                                       `'team=it'\''s'`,
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What is cut ends with an ellipsis, and Brief does not cut a character in two.
func TestWhatIsLongIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	if got := say.Brief(long); !strings.HasPrefix(long, strings.TrimSuffix(got, "…")) || len(got) > 310 ||
		!strings.HasSuffix(got, "é…") {
		t.Errorf("Brief: %q", got)
	}
	if got := say.Quoted(strings.Repeat("a", 61)); got != `"`+strings.Repeat("a", 60)+`…"` {
		t.Errorf("Quoted: %q", got)
	}
}
