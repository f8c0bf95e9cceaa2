package tests

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

const (
	pauseCycles = 15 // of each scope
	pauseRuns   = 4  // begin between two pauses
)

// pausedSpan is a time in which no run of what a scope covers may begin: from the moment in which a pause has returned
// to the moment in which its end is asked for, by the clock of the database.
type pausedSpan struct {
	label    string // of the jobs; "" is everything
	from, to time.Time
}

// lateDecisions lets a claim take 5 ms to read definitions, and decide by the time at the end of that. So a pause often
// commits while a claim reads, and only one that is read after the definitions, as claimed, keeps a run from beginning
// then.
const lateDecisions = `
CREATE SEQUENCE public.late_decisions;
CREATE OR REPLACE FUNCTION pgdue.now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF current_query() LIKE '-- claim_jobs:%' THEN
        PERFORM nextval('public.late_decisions');
        PERFORM pg_sleep(0.005);
        RETURN clock_timestamp();
    END IF;
    RETURN statement_timestamp();
END $$`

// Claimers that race with pauses: no run has begun between a pause's return and its end, which the test knows better
// than the rows, and all invariants hold.
func TestNoRunBeginsAfterAPauseHasReturned(t *testing.T) {
	t.Parallel()
	takeTurn(t)
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	if _, err := conn.PgConn().Exec(t.Context(), lateDecisions).ReadAll(); err != nil {
		t.Fatal(err)
	}
	s := raceStore(t, url)
	for i := range 6 {
		d := storetest.Job(t, fmt.Sprintf("job-%d", i), `{"type":"interval","every":"1ms"}`)
		d.MaxInstances, d.Labels = 2, map[string]string{"team": []string{"web", "db"}[i%2]}
		if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var nodes sync.WaitGroup
	for range raceNodes {
		node := &scheduler.Scheduler{Store: raceStore(t, url), Executor: sleeps(raceRun), Log: quiet(), Batch: 2}
		if err := node.Register(ctx); err != nil {
			t.Fatal(err)
		}
		nodes.Go(func() { race(ctx, t, node) })
	}
	var spans []pausedSpan
	for cycle := range 2 * pauseCycles {
		scope, covered := job.Scope{}, ""
		if cycle%2 == 1 {
			scope, covered = job.Scope{LabelName: "team", LabelValue: "web"}, "web"
		}
		began := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history WHERE started_at IS NOT NULL")
		storetest.Await(t, conn, "runs between two pauses",
			"SELECT count(*) >= $1 FROM pgdue.run_history WHERE started_at IS NOT NULL", began+pauseRuns)
		if _, err := s.PauseMany(ctx, scope, job.Author{Reason: "race"}); err != nil {
			t.Fatal(err)
		}
		span := pausedSpan{label: covered, from: clock(t, conn)}
		storetest.Exec(t, conn, "SELECT pg_sleep($1)", rand.Float64()*0.03) // the claimers go on claiming
		span.to = clock(t, conn)
		if r, err := s.ResumeMany(ctx, scope, false, job.Author{}); err != nil || r.DueError != nil || !r.Was {
			t.Fatal(r, err)
		}
		spans = append(spans, span)
	}
	stop()
	nodes.Wait()

	for _, span := range spans {
		n := storetest.Query[int](t, conn, `
			SELECT count(*) FROM pgdue.run_history h JOIN pgdue.jobs j ON j.id = h.job_id
			WHERE h.started_at > $1 AND h.started_at < $2 AND ($3 = '' OR j.labels ->> 'team' = $3)`, span.from, span.to, span.label)
		if n > 0 {
			t.Errorf("%d runs have begun between %s and %s, in a pause of %q", n, span.from, span.to, span.label)
		}
	}
	invariant.Hold(t, conn, invariant.SteadyClock, invariant.Stopped)
	if n := storetest.Query[int](t, conn, "SELECT last_value FROM public.late_decisions"); n < 2*pauseCycles {
		t.Errorf("%d decisions were late: does now() still know claim_jobs?", n)
	}
	if n := storetest.Query[int](t, conn,
		"SELECT count(*) FROM pgdue.run_history WHERE reason = 'paused'"); n < 2*pauseCycles {
		t.Errorf("%d records of what was due in %d pauses", n, 2*pauseCycles)
	}
}

// clock is the database's time now.
func clock(t *testing.T, conn *pgx.Conn) time.Time {
	t.Helper()
	return storetest.Query[time.Time](t, conn, "SELECT clock_timestamp()")
}
