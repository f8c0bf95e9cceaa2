package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// The database's clock ran eight hours ahead for a while, and is right again: jobs that fired meanwhile stand ahead,
// look as planned, and do not fire. They are found and mended, and nothing else is.
func TestMendClock(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	hourly := func(id string) { add(t, s, storetest.Job(t, id, `{"type":"interval","every":"1h"}`)) }
	hourly("fired")
	hourly("skipped")
	add(t, s, storetest.Job(t, "yearly", `{"type":"cron","expression":"0 0 1 1 *"}`))
	if _, err := s.SkipNext(t.Context(), "skipped", job.Author{}); err != nil {
		t.Fatal(err)
	}
	const ahead = 8*time.Hour + 10*time.Minute
	early := storeAt(t, url, ahead)
	n := newNode(t, early, &work{})
	tick(t, n)
	finish(t, n)
	add(t, early, storetest.Job(t, "added", `{"type":"interval","every":"1h"}`))
	if _, err := early.MoveNext(t.Context(), "skipped", time.Now().Add(20*time.Hour), job.Author{}); err != nil {
		t.Fatal(err)
	}

	wantAhead(t, s, "added", "fired")
	if a, err := s.JobsAhead(t.Context()); err != nil || a != (job.Ahead{Jobs: 2, One: "added"}) {
		t.Errorf("the rows show %+v, %v, want added and fired", a, err)
	}
	for _, id := range []string{"added", "fired", "skipped", "yearly"} {
		before := overview(t, s, id)
		c, err := s.MendClock(t.Context(), id, job.Author{Actor: "ada", Reason: "the clock"})
		if err != nil || c.Nothing() != (id == "skipped" || id == "yearly") {
			t.Errorf("mend %s, next run %s: %+v, %v", id, before.NextRunTime, c, err)
		}
	}
	if next := overview(t, s, "fired").NextRunTime; next.Before(time.Now()) || next.After(time.Now().Add(time.Hour)) {
		t.Errorf("next run of what fired: %s, want within the hour", next)
	}
	wantAhead(t, s)
	if a, err := s.JobsAhead(t.Context()); err != nil || a.Jobs != 0 {
		t.Errorf("afterwards the rows show %+v, %v", a, err)
	}
	if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.job_events WHERE action = 'rescheduled' AND "+
		"actor = 'ada' AND reason = 'the clock'"); got != 2 {
		t.Errorf("%d events tell of it, want 2", got)
	}
	// The hours that were decided ahead come again, as runs of their own.
	later := newNode(t, storeAt(t, url, 3*time.Hour), &work{})
	tick(t, later)
	finish(t, later)
	violations, err := invariant.Check(t.Context(), conn)
	if err != nil || len(violations) > 0 {
		t.Errorf("violations %v, %v", violations, err)
	}
}

func wantAhead(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	var got []string
	err := s.FindAhead(t.Context(), func(l policy.Look) { got = append(got, l.ID) })
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("ahead are %v, %v, want %v", got, err, want)
	}
}
