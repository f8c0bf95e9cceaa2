package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// failing fails so many attempts, then succeeds.
type failing struct {
	fails    int
	attempts []job.Attempt
}

func (f *failing) Queues() []string { return []string{job.KindExec.Name} }

func (f *failing) Execute(_ context.Context, a job.Attempt) job.Result {
	f.attempts = append(f.attempts, a)
	if len(f.attempts) <= f.fails {
		return job.Result{Outcome: job.Failed, Error: "exit status 1"}
	}
	return job.Result{Outcome: job.Succeeded}
}

// tried is a registered node with a one-off job that may be tried so often, an hour apart.
func tried(t *testing.T, maxAttempts, fails int) (*store.Store, *pgx.Conn, *scheduler.Scheduler, *failing) {
	t.Helper()
	url := storetest.URL(t)
	s, conn, f := storetest.OpenURL(t, url), storetest.Conn(t, url), &failing{fails: fails}
	n := &scheduler.Scheduler{Store: s, Executor: f, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := storetest.Job(t, "try", `{"type":"date"}`)
	d.MaxAttempts, d.Retry = maxAttempts, job.Retry{Min: new(time.Hour), Max: time.Hour}
	add(t, s, d)
	tick(t, n)
	finish(t, n)
	return s, conn, n, f
}

// hurry lets the wait before the next attempt be over.
func hurry(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	storetest.Exec(t, conn, "UPDATE pgdue.running_instances SET not_before = pgdue.now() WHERE state = 'retrying'")
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = pgdue.now() WHERE due_at IS NOT NULL")
}

func wantHistory(t *testing.T, conn *pgx.Conn, want string) {
	t.Helper()
	got := storetest.Query[string](t, conn, `SELECT coalesce(string_agg(format('%s %s%s', attempt, outcome, CASE WHEN final THEN ' final' ELSE '' END), ', '
		ORDER BY attempt), '') FROM pgdue.run_history`)
	if got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
}

// A run between attempts counts as an instance, is due when its wait is over, and keeps its id; each attempt has its
// row and one is final.
func TestFailedAttemptIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	s, conn, n, f := tried(t, 3, 1)
	wantHistory(t, conn, "1 failed")
	waits := storetest.Query[string](t, conn, `SELECT format('%s, on %s, due %s', r.state, coalesce(node_id::text, 'no node'),
		not_before = due_at AND not_before BETWEEN pgdue.now() + interval '29 minutes' AND pgdue.now() + interval '1 hour')
		FROM pgdue.running_instances r JOIN pgdue.next_run_times USING (job_id)`)
	if want := "retrying, on no node, due t"; waits != want {
		t.Errorf("between attempts the instance is %q, want %q", waits, want)
	}
	wantRetrying(t, s, storetest.Query[time.Time](t, conn, "SELECT not_before FROM pgdue.running_instances"))
	tick(t, n)
	finish(t, n)
	if len(f.attempts) != 1 {
		t.Fatalf("%d attempts before the wait is over", len(f.attempts))
	}
	hurry(t, conn)
	tick(t, n)
	finish(t, n)
	wantHistory(t, conn, "1 failed, 2 succeeded final")
	if len(f.attempts) != 2 || f.attempts[1].RunID != f.attempts[0].RunID || f.attempts[1].Attempt != 2 {
		t.Errorf("attempts are %+v", f.attempts)
	}
	if left := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); left != 0 {
		t.Errorf("%d instances are left", left)
	}
}

// wantRetrying requires of the one run that the list and the run itself tell when its next attempt may begin.
func wantRetrying(t *testing.T, s *store.Store, notBefore time.Time) {
	t.Helper()
	list, err := s.Runs(t.Context(), job.RunFilter{JobID: "try", Limit: 2})
	if err != nil || len(list) != 2 {
		t.Fatalf("runs are %+v, %v; want one between two attempts and its first attempt", list, err)
	}
	rows, err := s.Run(t.Context(), "try", list[0].RunID)
	if err != nil || len(rows) != 2 {
		t.Fatalf("rows of the run are %+v, %v; want two", rows, err)
	}
	for _, r := range []job.RunView{list[0], rows[1]} {
		if r.State != job.RunRetrying || !r.NotBefore.Equal(notBefore) {
			t.Errorf("%s until %s, want retrying until %s", r.State, r.NotBefore, notBefore)
		}
	}
}

func TestAttemptsRunOut(t *testing.T) {
	t.Parallel()
	_, conn, n, f := tried(t, 2, 9)
	for range 3 {
		hurry(t, conn)
		tick(t, n)
		finish(t, n)
	}
	wantHistory(t, conn, "1 failed, 2 failed final")
	if len(f.attempts) != 2 {
		t.Errorf("%d attempts, want 2", len(f.attempts))
	}
}

// A lost attempt is an attempt: another node makes the next one, where one is left.
func TestLostAttemptIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	for _, maxAttempts := range []int{1, 2} {
		t.Run(fmt.Sprint(maxAttempts), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
			gate := make(chan struct{})
			dead := newNode(t, s, &work{gate: gate})
			d := storetest.Job(t, "try", `{"type":"date"}`)
			d.MaxAttempts = maxAttempts
			add(t, s, d)
			tick(t, dead)
			takeOverAll(t, s, conn)
			hurry(t, conn)
			next := newNode(t, s, &work{})
			tick(t, next)
			finish(t, next)
			close(gate)
			finish(t, dead) // its end is stale
			wantHistory(t, conn, map[int]string{1: "1 lost final", 2: "1 lost, 2 succeeded final"}[maxAttempts])
		})
	}
}

// A changed trigger leaves a run between attempts alone: its next attempt comes at its time, with the present
// definition.
func TestRetryOutlivesAChangeOfTheTrigger(t *testing.T) {
	t.Parallel()
	s, conn, n, f := tried(t, 3, 1)
	d := storetest.Job(t, "try", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	d.MaxAttempts, d.Work = 3, &job.Exec{Command: []string{"changed"}}
	if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	tick(t, n)
	if !storetest.Query[bool](t, conn,
		"SELECT due_at = not_before FROM pgdue.next_run_times JOIN pgdue.running_instances USING (job_id)") {
		t.Error("the job is not due when its run is to be tried again")
	}
	hurry(t, conn)
	tick(t, n)
	finish(t, n)
	wantHistory(t, conn, "1 failed, 2 succeeded final")
	if got := f.attempts[1].Definition.Work.(*job.Exec).Command[0]; got != "changed" {
		t.Errorf("the second attempt ran %q", got)
	}
}

// A run between attempts ends with its job, and never becomes one of a job that is added under the id later.
func TestRetryEndsWithItsJob(t *testing.T) {
	t.Parallel()
	t.Run("removed", func(t *testing.T) {
		t.Parallel()
		s, conn, _, _ := tried(t, 3, 9)
		if _, err := s.Remove(t.Context(), "try", job.Author{}); err != nil {
			t.Fatal(err)
		}
		wantHistory(t, conn, "1 failed, 2 cancelled final")
	})
	t.Run("added anew", func(t *testing.T) {
		t.Parallel()
		s, conn, n, f := tried(t, 3, 1)
		stranger := storetest.Job(t, "try", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
		stranger.MaxAttempts = 3
		add(t, s, stranger)
		hurry(t, conn)
		tick(t, n)
		finish(t, n)
		wantHistory(t, conn, "1 failed, 2 cancelled final")
		if len(f.attempts) != 1 {
			t.Errorf("%d attempts, want 1", len(f.attempts))
		}
	})
	t.Run("removed while it ran", func(t *testing.T) {
		t.Parallel()
		url := storetest.URL(t)
		s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
		gate := make(chan struct{})
		n := &scheduler.Scheduler{Store: s, Executor: held{gate}, Log: slog.New(slog.DiscardHandler)}
		if err := n.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := storetest.Job(t, "try", `{"type":"date"}`)
		d.MaxAttempts = 3
		add(t, s, d)
		tick(t, n)
		if _, err := s.Remove(t.Context(), "try", job.Author{}); err != nil {
			t.Fatal(err)
		}
		close(gate)
		finish(t, n)
		wantHistory(t, conn, "1 failed final")
		if _, err := s.Job(t.Context(), "try"); !errors.Is(err, job.ErrNotFound) {
			t.Error(err)
		}
	})
}

// A fire that replaces a run between two attempts begins at the moment at which that one ends.
func TestReplacedRetryEndsWhenTheOtherBegins(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	n := &scheduler.Scheduler{Store: s, Executor: &failing{fails: 1}, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := storetest.Job(t, "try", `{"type":"interval","every":"1h"}`)
	d.MaxAttempts, d.Retry, d.Overlap = 2, job.Retry{Min: new(time.Hour), Max: time.Hour}, job.OverlapReplace
	add(t, s, d)
	for range 2 {
		storetest.Exec(t, conn, `UPDATE pgdue.next_run_times SET next_run_time = pgdue.now(), due_at = pgdue.now()`)
		tick(t, n)
		finish(t, n)
	}
	got := storetest.Query[string](t, conn, `SELECT string_agg(format('%s, %s', outcome, ended_at <= (SELECT max(started_at)
		FROM pgdue.run_history)), '; ' ORDER BY ended_at, attempt) FROM pgdue.run_history`)
	if want := "failed, t; cancelled, t; succeeded, f"; got != want {
		t.Errorf("ends, and whether before the last run began: %s, want %s", got, want)
	}
}

// An attempt whose end is recorded late, as after an outage, tells how long its work took.
func TestDurationIsThatOfTheWork(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	for _, attempts := range []int{1, 2} {
		d := storetest.Job(t, fmt.Sprint("of-", attempts), `{"type":"date"}`)
		d.MaxAttempts = attempts
		add(t, s, d)
	}
	n := registered(t, s, "web-1")
	c, err := s.Claim(t.Context(), policy.ClaimRequest{Node: n.ID, Want: map[string]int{job.KindExec.Name: 2}}, plan)
	if err != nil || len(c.Decided) != 2 {
		t.Fatal(c, err)
	}
	for _, d := range c.Decided {
		r := job.Record{Run: d.Decision.Begin[0].Run, Outcome: job.Failed, Sentence: "failed", NodeID: n.ID,
			Took: 9600 * time.Millisecond}
		policy.Conclude(&d.Definition, &r)
		if _, err := s.Complete(t.Context(), []job.Record{r}); err != nil {
			t.Fatal(err)
		}
		page, err := s.Runs(t.Context(), job.RunFilter{JobID: r.JobID, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		last := page[len(page)-1]
		if last.Took != r.Took {
			t.Errorf("%s took %s, want %s", r.JobID, last.Took, r.Took)
		}
	}
	if got := storetest.Query[string](t, conn,
		"SELECT string_agg(duration::text, ', ') FROM pgdue.runs WHERE "+
			"state = 'ended'"); got != "00:00:09.6, 00:00:09.6" {
		t.Errorf("the view says %s", got)
	}
}

// held is work that fails when its gate is closed.
type held struct{ gate <-chan struct{} }

func (h held) Queues() []string { return []string{job.KindExec.Name} }

func (h held) Execute(context.Context, job.Attempt) job.Result {
	<-h.gate
	return job.Result{Outcome: job.Failed, Error: "exit status 1"}
}
