package server

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// A place is read as it was written; nothing else is one.
func TestPlaces(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 0, 0, 123_000, time.UTC)
	for _, p := range []job.RunPlace{
		{State: job.RunWaiting, At: at, RunID: uuid.New(), Attempt: 1},
		{State: job.RunRunning, At: at, RunID: uuid.New(), Attempt: 1},
		{State: job.RunRetrying, At: at, RunID: uuid.New(), Attempt: 1},
		{State: job.RunEnded, At: at, Scheduled: at.Add(-time.Hour), RunID: uuid.New(), Attempt: 3},
	} {
		got, before, err := parsePlace(placeText(p))
		if got != p || !before.IsZero() || err != nil {
			t.Errorf("%s is read as %+v, %v", placeText(p), got, err)
		}
	}
	const run = "1176e6c4-7a40-5c1e-9b51-6c1c6f2f1d10"
	for _, s := range []string{
		"~1", "ended~2026-03-01T10:00:00Z~" + run, "moon~2026-03-01T10:00:00Z~" + run, "waiting~yesterday~" + run,
		"waiting~2026-03-01T10:00:00Z~x", "ended~2026-03-01T10:00:00Z~2026-03-01T10:00:00Z~" + run + "~-1",
		"ended~2026-03-01T10:00:00Z~2026-03-01T10:00:00Z~" + run + "~99999999999", "0001-01-01T00:00:00Z",
		"~", "yesterday",
	} {
		if p, before, err := parsePlace(s); err == nil {
			t.Errorf("%s is read as %+v, %s", s, p, before)
		}
	}
}
