package store_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// stoppable is work that goes on until its context ends, and says so as the executors do.
type stoppable struct{ begun chan job.Attempt }

func (stoppable) Queues() []string { return []string{job.KindExec.Name} }

func (s stoppable) Execute(ctx context.Context, a job.Attempt) job.Result {
	s.begun <- a
	<-ctx.Done()
	return job.Result{Outcome: job.Cancelled, Error: context.Cause(ctx).Error()}
}

// running is a registered node that executes a run of job "c", which may be tried thrice.
func running(
	t *testing.T, change func(*job.Definition),
) (*store.Store, *pgx.Conn, *scheduler.Scheduler, stoppable, uuid.UUID) {
	t.Helper()
	url := storetest.URL(t)
	s, conn, w := storetest.OpenURL(t, url), storetest.Conn(t, url), stoppable{make(chan job.Attempt, 10)}
	n := &scheduler.Scheduler{Store: s, Executor: w, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := storetest.Job(t, "c", `{"type":"interval","every":"1h"}`)
	d.MaxAttempts = 3
	if change != nil {
		change(&d)
	}
	add(t, s, d)
	fire(t, conn)
	tick(t, n)
	return s, conn, n, w, (<-w.begun).RunID
}

// fire makes job "c" fire now.
func fire(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = pgdue.now(), due_at = pgdue.now()")
}

const outcomes = `SELECT coalesce(string_agg(format('%s %s%s: %s', attempt, outcome, CASE WHEN final THEN ' final' END, sentence), '; ' ORDER BY ended_at), '')
	FROM pgdue.run_history`

// A run that executes is cancelled by its node, has no further attempt, and says who asked.
func TestCancelOfARunThatExecutes(t *testing.T) {
	t.Parallel()
	s, conn, n, _, run := running(t, nil)
	c, err := s.Cancel(t.Context(), "c", run, job.Author{Actor: "ada@web-1", Reason: "the source is broken"})
	if err != nil || c != (job.Cancellation{Asked: 1}) {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := s.Cancel(t.Context(), "c", run, job.Author{Actor: "bob", Reason: "me too"}); err != nil {
		t.Errorf("cancelled twice: %v", err)
	}
	views, err := s.Run(t.Context(), "c", run)
	if err != nil || views[0].Cancel.By != "ada@web-1" || views[0].Cancel.At.IsZero() {
		t.Errorf("the run is shown as %+v, %v", views, err)
	}
	if err := n.CancelAsked(t.Context()); err != nil {
		t.Fatal(err)
	}
	finish(t, n)
	got := storetest.Query[string](t, conn, outcomes)
	if !strings.HasPrefix(got, "1 cancelled final: was cancelled after ") ||
		!strings.HasSuffix(got, ": cancelled by ada@web-1: the source is broken") {
		t.Errorf("history is %q", got)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); n != 0 {
		t.Errorf("%d instances are left", n)
	}
	if _, err := s.Cancel(t.Context(), "c", run, job.Author{}); !errors.Is(err, job.ErrEnded) ||
		!strings.Contains(err.Error(), "cancelled at 20") {
		t.Errorf("cancelling a run that has ended: %v", err)
	}
	if _, err := s.Cancel(t.Context(), "c", uuid.New(), job.Author{}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("cancelling a run that never was: %v", err)
	}
	if _, err := s.CancelAll(t.Context(), "nobody", job.Author{}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("cancelling the runs of no job: %v", err)
	}
	if c, err := s.CancelAll(t.Context(), "c", job.Author{}); err != nil || c != (job.Cancellation{}) {
		t.Errorf("cancelling no runs: %+v, %v", c, err)
	}
}

// A request that comes while the attempt fails by itself keeps the next attempt from following.
func TestCancelOfARunThatFailsMeanwhile(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	release := make(chan struct{})
	n := &scheduler.Scheduler{Store: s, Executor: held{release}, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := storetest.Job(t, "c", `{"type":"date"}`)
	d.MaxAttempts = 3
	add(t, s, d)
	tick(t, n)
	run := storetest.Query[uuid.UUID](t, conn, "SELECT run_id FROM pgdue.running_instances")
	if c, err := s.Cancel(t.Context(), "c", run, job.Author{}); err != nil || c.Asked != 1 {
		t.Fatal(c, err)
	}
	close(release) // before the node has looked
	finish(t, n)
	wantHistory(t, conn, "1 failed final")
	if got := storetest.Query[string](t, conn, outcomes); !strings.HasSuffix(got, ", but the run was to be cancelled") {
		t.Errorf("history is %q", got)
	}
}

// A run between two attempts ends at once and makes room for one that waits; one that waits ends at once too. The end
// of a request for all is the same.
func TestCancelOfRunsThatDoNotExecute(t *testing.T) {
	t.Parallel()
	s, conn, n, _ := tried(t, 3, 1)
	retrying := storetest.Query[uuid.UUID](t, conn,
		"SELECT run_id FROM pgdue.running_instances WHERE state = 'retrying'")
	waiting, err := s.RunNow(t.Context(), "try", "", job.Author{})
	if err != nil {
		t.Fatal(err)
	}
	tick(t, n) // the waiting run is at the limit, and the job parked
	tick(t, n)
	if c, err := s.Cancel(t.Context(), "try", retrying, job.Author{Reason: "enough"}); err != nil || c.Ended != 1 {
		t.Fatal(c, err)
	}
	if !storetest.Query[bool](t, conn, "SELECT due_at <= pgdue.now() FROM pgdue.next_run_times") {
		t.Error("the job is not due although an instance is free and a run waits")
	}
	if c, err := s.Cancel(t.Context(), "try", waiting.Wait[0].RunID, job.Author{}); err != nil || c.Ended != 1 {
		t.Fatal(c, err)
	}
	got := storetest.Query[string](t, conn, outcomes)
	for _, want := range []string{"1 failed: ",
		"2 cancelled final: cancelled by somebody: enough, between two attempts",
		"1 cancelled final: cancelled by somebody, while it waited"} {
		if !strings.Contains(got, want) {
			t.Errorf("history is %q, without %q", got, want)
		}
	}
	tick(t, n)
	finish(t, n)
	if left := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances") +
		storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.waiting_runs"); left != 0 {
		t.Errorf("%d runs are left", left)
	}
}

// All runs of a job: one that executes and two that wait.
func TestCancelAll(t *testing.T) {
	t.Parallel()
	s, conn, n, _, _ := running(t, nil)
	for range 2 {
		if _, err := s.RunNow(t.Context(), "c", "", job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.CancelAll(t.Context(), "c", job.Author{})
	if err != nil || c != (job.Cancellation{Ended: 2, Asked: 1}) {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := n.CancelAsked(t.Context()); err != nil {
		t.Fatal(err)
	}
	finish(t, n)
	if n := storetest.Query[int](t, conn,
		"SELECT count(*) FROM pgdue.run_history WHERE outcome = 'cancelled' AND final"); n != 3 {
		t.Errorf("%d runs are cancelled, want 3", n)
	}
}

// A job that was removed has no lock any more, and its run can be cancelled all the same.
func TestCancelOfARemovedJobsRun(t *testing.T) {
	t.Parallel()
	s, conn, n, _, run := running(t, nil)
	if _, err := s.Remove(t.Context(), "c", job.Author{}); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Cancel(t.Context(), "c", run, job.Author{}); err != nil || c.Asked != 1 {
		t.Fatal(c, err)
	}
	if err := n.CancelAsked(t.Context()); err != nil {
		t.Fatal(err)
	}
	finish(t, n)
	wantHistory(t, conn, "1 cancelled final")
}

// With overlap replace, fires at the limit have the oldest instance cancelled; the last of them begins when its row is
// gone, and those between are recorded.
func TestReplaceBeginsWhenTheOldestIsGone(t *testing.T) {
	t.Parallel()
	_, conn, n, w, first := running(t, func(d *job.Definition) { d.Overlap = job.OverlapReplace })
	// On another node: this one would cancel its own attempt right after the claim's commit.
	other := &scheduler.Scheduler{Store: n.Store, Executor: w, Log: slog.New(slog.DiscardHandler)}
	if err := other.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		fire(t, conn)
		tick(t, other)
		tick(t, other)
	}
	if got := storetest.Query[string](t, conn,
		"SELECT format('%s waits, %s replaced', (SELECT count(*) FROM pgdue.waiting_runs WHERE front), count(*)) "+
			"FROM pgdue.run_history WHERE reason = 'replaced'"); got != "1 waits, 2 replaced" {
		t.Errorf("after three fires at the limit: %s", got)
	}
	if err := n.CancelAsked(t.Context()); err != nil {
		t.Fatal(err)
	}
	finish(t, n)
	if !storetest.Query[bool](t, conn, "SELECT due_at <= pgdue.now() FROM pgdue.next_run_times") {
		t.Error("the job is not due although its instance is gone")
	}
	tick(t, other)
	if second := <-w.begun; second.RunID == first {
		t.Error("the same run began again")
	}
	got := storetest.Query[string](t, conn,
		"SELECT sentence FROM pgdue.run_history WHERE outcome = 'cancelled' AND final")
	if !strings.Contains(got, "cancelled by pgdue: replaced by the run of 20") {
		t.Errorf("the replaced run's record says %q", got)
	}
}

// A node that replaces its own attempt cancels it without being told.
func TestReplaceOnTheSameNode(t *testing.T) {
	t.Parallel()
	_, conn, n, w, _ := running(t, func(d *job.Definition) { d.Overlap = job.OverlapReplace })
	fire(t, conn)
	tick(t, n)
	finish(t, n)
	tick(t, n)
	<-w.begun
	if got := storetest.Query[string](t, conn,
		"SELECT string_agg(outcome, ', ') FROM pgdue.run_history"); got != "cancelled" {
		t.Errorf("history is %s", got)
	}
}
