package tests

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A job that fires each second resumes at once after 30 days: its missed fire times are counted, not listed.
func TestThirtyDaysOfASecondJob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ coalesce, want string }{
		{job.CoalesceLatest, "coalesced x2591999"},
		{job.CoalesceEarliest, "coalesced x2591999"},
		{job.CoalesceAll, "catch_up_limit x2591000"},
	} {
		t.Run(c.coalesce, func(t *testing.T) {
			took := resume(t, c.coalesce, c.want)
			for again := 0; again < 4 && took > time.Second; again++ { // others use this machine too
				took = resume(t, c.coalesce, c.want)
			}
			if took > time.Second {
				t.Errorf("the first look took %s, and no less the times before", took)
			}
		})
	}
}

// resume returns how long the first look at the job takes after an outage of 30 days, and checks what it recorded.
func resume(t *testing.T, coalesce, want string) (took time.Duration) {
	t.Helper()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	node := &scheduler.Scheduler{Store: s, Executor: sleeps(0), Log: testLog(t)}
	if err := node.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := storetest.Job(t, "second", `{"type":"interval","every":"1s"}`)
	d.Coalesce = coalesce
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	outage(t, conn)
	began := time.Now()
	if _, err := node.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	took = time.Since(began)
	t.Logf("the first look after 30 days took %s", took)
	node.Finish(t.Context())
	node.Flush(t.Context())
	got := storetest.Query[string](t, conn,
		`SELECT format('%s x%s', reason, fire_count) FROM pgdue.run_history WHERE outcome = 'skipped'`)
	if got != want {
		t.Errorf("the missed fire times are recorded as %s, want %s", got, want)
	}
	// each fire time of the 30 days is somewhere, once
	invariant.Hold(t, conn, invariant.SteadyClock, invariant.Stopped)
	return took
}

// outage lets 30 days pass in which the job was not looked at: the last of its 2,592,000 fire times is half a second
// old.
func outage(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	storetest.Exec(t, conn, "UPDATE pgdue.jobs SET created_at = a, anchor = a FROM (SELECT pgdue.now() - interval "+
		"'30 days 500 milliseconds' AS a) back")
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = (SELECT anchor + interval '1 second' "+
		"FROM pgdue.jobs), due_at = pgdue.now()")
}

// Jobs at their limit hold up nobody: with 50,000 runs that wait for one full job, 1,000 other jobs are claimed as fast
// as without.
func TestAFullJobStarvesNoOther(t *testing.T) {
	t.Parallel()
	takeTurn(t)
	const jobs, waiting = 1000, 50_000
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := raceStore(t, url)
	node := &scheduler.Scheduler{Store: s, Executor: sleeps(0), Log: quiet(), Slots: jobs + 10}
	if err := node.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lease sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	lease.Go(func() { node.KeepLease(ctx) })
	defer lease.Wait()
	defer stop()
	for i := range jobs {
		if _, err := s.Add(t.Context(), storetest.Job(t, fmt.Sprintf("job-%d", i), `{"type":"interval","every":"1h"}`),
			job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	without := fastest(t, conn, node, jobs)

	full := storetest.Job(t, "full", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	if _, err := s.Add(t.Context(), full, job.Author{}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, `INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, node_id, started_at, job_revision, fire_count, first_run_time, last_run_time)
		SELECT 'full', gen_random_uuid(), pgdue.now(), 'manual', 1, (SELECT id FROM pgdue.nodes), pgdue.now(), 1, 1, pgdue.now(), pgdue.now()`)
	storetest.Exec(t, conn, `INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, fire_count, first_run_time, last_run_time)
		SELECT 'full', gen_random_uuid(), pgdue.now(), 'manual', pgdue.now(), 1, pgdue.now(), pgdue.now() FROM generate_series(1, $1)`, waiting)
	storetest.Exec(t, conn, "ANALYZE pgdue.waiting_runs")
	with := fastest(t, conn, node, jobs)
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.waiting_runs"); n != waiting {
		t.Errorf("%d runs wait, want %d: the full job was to stay full", n, waiting)
	}
	t.Logf("%d due jobs claimed and recorded in %s; beside %d waiting runs of a full job in %s: %.2f times as long",
		jobs, without, waiting, with, float64(with)/float64(without))
	// a plan that reads the waiting runs for each job takes five times as long
	if with > 3*without+200*time.Millisecond {
		t.Errorf("claiming 1,000 jobs took %s beside a full job, %s without", with, without)
	}
}

// fastest makes all jobs due, the full one before them, and measures how long it takes until the others have run; the
// best of five, as others use this machine too.
func fastest(t *testing.T, conn *pgx.Conn, node *scheduler.Scheduler, jobs int) (best time.Duration) {
	t.Helper()
	for range 5 {
		storetest.Exec(t, conn,
			`UPDATE pgdue.next_run_times SET next_run_time = pgdue.now(), due_at = pgdue.now() WHERE job_id <> 'full'`)
		storetest.Exec(t, conn,
			`UPDATE pgdue.next_run_times SET due_at = pgdue.now() - interval '1 hour' WHERE job_id = 'full'`)
		before := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'")
		began := time.Now()
		for range 2 * jobs {
			if _, err := node.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			node.Finish(t.Context())
			node.Flush(t.Context())
			if storetest.Query[int](t, conn,
				"SELECT count(*) FROM pgdue.next_run_times WHERE job_id <> 'full' AND due_at <= pgdue.now()") == 0 {
				break
			}
		}
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
		if after := storetest.Query[int](t, conn,
			"SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'"); after-before != jobs {
			t.Fatalf("%d runs, want %d", after-before, jobs)
		}
	}
	return best
}
