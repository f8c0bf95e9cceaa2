package tests

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

// runNode runs a node until the test ends. It looks seldom by itself: it has to be told.
func runNode(t *testing.T, url string, e job.Executor) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	node := &scheduler.Scheduler{Store: raceStore(t, url), Executor: e, Log: testLog(t), Poll: time.Minute}
	var running sync.WaitGroup
	running.Go(func() {
		if err := node.Run(ctx); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
}

// Runs that wait begin one after the other, in their order, right when an instance ends, on whichever of two nodes.
func TestWaitingRunsBeginWhenAnInstanceEnds(t *testing.T) {
	t.Parallel()
	takeTurn(t)
	const runs = 200
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	d := storetest.Job(t, "line", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	d.MaxWaiting = runs
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	runNode(t, url, sleeps(20*time.Millisecond))
	runNode(t, url, sleeps(20*time.Millisecond))
	for range runs {
		if _, err := s.RunNow(t.Context(), "line", "", job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Await(t, conn, "all runs to end",
		"SELECT count(*) = $1 FROM pgdue.run_history WHERE job_id = 'line' AND outcome = 'succeeded'", runs)
	invariant.Hold(t, conn, invariant.SteadyClock, invariant.Settled)
	out := storetest.Query[int](t, conn, `SELECT count(*) FROM (
		SELECT scheduled_run_time, lag(scheduled_run_time) OVER (ORDER BY started_at) AS before FROM pgdue.run_history) r
		WHERE before > scheduled_run_time`)
	if out != 0 {
		t.Errorf("%d runs began out of their order", out)
	}
	// How long after the end of the run before it, or after its own request if that came later, each run began. A lost
	// wake-up would cost the 15 s after which a waiting job is looked at anyway.
	waits := storetest.Query[[]time.Duration](t, conn, `SELECT array_agg(started_at - greatest(scheduled_run_time, before) ORDER BY started_at - greatest(scheduled_run_time, before))
		FROM (SELECT *, lag(ended_at) OVER (ORDER BY started_at) AS before FROM pgdue.run_history) r WHERE before IS NOT NULL`)
	p50, p99, slowest := waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1]
	t.Logf("a run that waits begins after its predecessor's end: p50 %s, p99 %s, at most %s", p50, p99, slowest)
	if p50 > 50*time.Millisecond || slowest > 10*time.Second {
		t.Errorf("waiting runs began %s after their predecessor's end at the median, %s at most", p50, slowest)
	}
	if next := storetest.Query[time.Time](t, conn,
		"SELECT next_run_time FROM pgdue.next_run_times"); next.UTC().Year() != 2199 {
		t.Errorf("running now moved the schedule to %s", next)
	}
}

// A node that drains begins nothing when its run ends; another one is told, and begins what waits.
func TestWaitingRunBeginsBesideADrainingNode(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	if _, err := s.Add(t.Context(), storetest.Job(t, "line", `{"type":"date","at":"2199-01-01T00:00:00Z"}`),
		job.Author{}); err != nil {
		t.Fatal(err)
	}
	h := newHeld()
	drains := &sees{line: "waiting for runs to end", seen: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	leaving := &scheduler.Scheduler{Store: raceStore(t, url), Executor: h,
		Log: slog.New(slog.NewTextHandler(drains, nil)), Name: "leaving", Drain: time.Minute}
	var running sync.WaitGroup
	running.Go(func() {
		if err := leaving.Run(ctx); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	for range 2 {
		if _, err := s.RunNow(t.Context(), "line", "", job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Await(t, conn, "the first run to execute", "SELECT count(*) = 1 FROM pgdue.running_instances")
	runNode(t, url, sleeps(0))
	storetest.Await(t, conn, "both nodes to listen",
		"SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database() AND query ~* '^listen'")
	if _, err := s.RunNow(t.Context(), "line", "", job.Author{}); err != nil { // both look once more
		t.Fatal(err)
	}
	storetest.Await(t, conn, "the job to be parked",
		"SELECT due_at > pgdue.now() + interval '10 seconds' FROM pgdue.next_run_times")
	storetest.Await(t, conn, "both nodes to sleep", `SELECT max(state_change) < clock_timestamp() - interval '400 milliseconds'
		FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	stop()
	<-drains.seen
	h.release()
	running.Wait()
	storetest.Await(t, conn, "all runs to end",
		"SELECT count(*) = 3 FROM pgdue.run_history WHERE outcome = 'succeeded'")
	gap := storetest.Query[time.Duration](t, conn, "SELECT max(started_at) - min(ended_at) FROM pgdue.run_history")
	if gap > 10*time.Second {
		t.Errorf("the waiting run began %s after the instance's end", gap)
	}
	t.Logf("began %s after the instance's end", gap)
}

// A job may have moved to another queue while a run of it executed: a node that serves that queue is told of its end.
func TestWaitingRunBeginsInAnotherQueue(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	d := storetest.Job(t, "line", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	h := newHeld()
	runNode(t, url, h)
	runNow := func() {
		if _, err := s.RunNow(t.Context(), "line", "", job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	runNow()
	storetest.Await(t, conn, "the first run to execute", "SELECT count(*) = 1 FROM pgdue.running_instances")
	d.Work = &job.HTTP{URL: "http://127.0.0.1:1/"}
	if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	done := sleeps(0)
	done.queue = job.KindHTTP.Name
	runNode(t, url, done)
	runNow()
	storetest.Await(t, conn, "the job to be parked",
		"SELECT due_at > pgdue.now() + interval '10 seconds' FROM pgdue.next_run_times")
	h.release()
	storetest.Await(t, conn, "both runs to end",
		"SELECT count(*) = 2 FROM pgdue.run_history WHERE outcome = 'succeeded'")
	if gap := storetest.Query[time.Duration](t, conn,
		"SELECT max(started_at) - min(ended_at) FROM pgdue.run_history"); gap > 10*time.Second {
		t.Errorf("the waiting run began %s after the instance's end", gap)
	}
}

// Each half of the wake-up is needed: where completion does not wake, the look that puts the first run into the list
// does not park the job; where that look came before the end, completion wakes.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := raceStore(t, url)
	d := storetest.Job(t, "wait", `{"type":"interval","every":"1h"}`)
	d.Overlap = job.OverlapWait
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	held := work{job.KindExec.Name, func(context.Context, job.Attempt) job.Result {
		<-release
		return job.Result{Outcome: job.Succeeded}
	}}
	node := &scheduler.Scheduler{Store: s, Executor: held, Log: testLog(t)}
	if err := node.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	fire := func() time.Duration {
		t.Helper()
		storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = pgdue.now(), due_at = pgdue.now()")
		return tick(t, conn, node)
	}
	if in := fire(); in < 30*time.Minute {
		t.Errorf("after the first run began the job is due in %s, want at its next fire", in)
	}
	if in := fire(); in > 0 {
		t.Errorf("the look that found an empty list and left it filled leaves the job due in %s, want at once", in)
	}
	if in := tick(t, conn, node); in < 10*time.Second || in > 20*time.Second {
		t.Errorf("the look that found the list filled leaves the job due in %s, want 15 s", in)
	}
	close(release)
	node.Finish(t.Context())
	node.Flush(t.Context())
	if in := dueIn(t, conn); in > 0 {
		t.Errorf("after the instance's end the job is due in %s, want at once", in)
	}
	tick(t, conn, node)
	node.Finish(t.Context())
	node.Flush(t.Context())
	if n := storetest.Query[int](t, conn,
		"SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'"); n != 2 {
		t.Errorf("%d runs succeeded, want 2", n)
	}
}

func tick(t *testing.T, conn *pgx.Conn, node *scheduler.Scheduler) time.Duration {
	t.Helper()
	if _, err := node.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dueIn(t, conn)
}

func dueIn(t *testing.T, conn *pgx.Conn) time.Duration {
	t.Helper()
	return storetest.Query[time.Duration](t, conn, "SELECT due_at - pgdue.now() FROM pgdue.next_run_times")
}

// A job that is removed takes its waiting runs along, each with a record; a blocked one refuses a run now.
func TestWaitingRunsOfARemovedJob(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := raceStore(t, url)
	if _, err := s.Add(t.Context(), storetest.Job(t, "gone", `{"type":"interval","every":"1h"}`),
		job.Author{}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.RunNow(t.Context(), "gone", "", job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Remove(t.Context(), "gone", job.Author{}); err != nil {
		t.Fatal(err)
	}
	got := storetest.Query[string](t, conn, `SELECT format('%s waiting, %s records, %s of manual runs', (SELECT count(*) FROM pgdue.waiting_runs),
		count(*), count(*) FILTER (WHERE cause = 'manual')) FROM pgdue.run_history WHERE outcome = 'skipped' AND reason = 'removed' AND final`)
	if want := "0 waiting, 3 records, 3 of manual runs"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := s.RunNow(t.Context(), "gone", "", job.Author{}); fmt.Sprint(err) != job.ErrNotFound.Error() {
		t.Errorf("run now of a removed job: %v", err)
	}
}
