package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A fire that was skipped ahead never begins, however many claim at the moment of its time; it has one record, and the one
// after it fires.
func TestSkippedFireNeverBegins(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "s", `{"type":"interval","every":"1h"}`))
	first := storetest.Query[time.Time](t, conn, "SELECT next_run_time FROM pgdue.next_run_times")
	o, err := s.SkipNext(scheduler.WithActor(t.Context(), "ada"), "s", "holiday")
	if err != nil || !o.LastRunTime.Equal(first) || !o.NextRunTime.Equal(first.Add(time.Hour)) {
		t.Fatalf("skipped %s, next %s, %v", o.LastRunTime, o.NextRunTime, err)
	}
	w := &work{}
	tick(t, newNode(t, storeAt(t, url, 61*time.Minute), w))
	if ran := len(w.executed()); ran != 0 {
		t.Errorf("%d runs at the time of the fire that was skipped", ran)
	}
	later := newNode(t, storeAt(t, url, 121*time.Minute), w)
	tick(t, later)
	finish(t, later)
	got := storetest.Query[string](t, conn, `SELECT string_agg(format('%s %s %s', outcome, coalesce(reason || ': ' || sentence, ''), scheduled_run_time - $1), '; '
		ORDER BY scheduled_run_time) FROM pgdue.run_history WHERE final`, first)
	if want := "skipped rescheduled: was skipped ahead by ada: holiday 00:00:00; succeeded  01:00:00"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
}

// Many skip, move and claim at once: no fire time has two final records, and none is both recorded and run.
func TestSkipsAndClaimsDecideEachFireOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "s", `{"type":"interval","every":"10ms"}`)
	d.MaxInstances, d.Coalesce = 100, scheduler.CoalesceAll
	add(t, s, d)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	var all sync.WaitGroup
	var skips atomic.Int64
	nodes := []*scheduler.Scheduler{newNode(t, s, &work{}), newNode(t, s, &work{})}
	for _, n := range nodes {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := n.Tick(t.Context()); err != nil {
					t.Error("tick: ", err)
				}
				n.Flush(t.Context())
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.SkipNext(t.Context(), "s", ""); err != nil {
					t.Error("skip: ", err)
				}
				skips.Add(1)
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.MoveNext(t.Context(), "s", time.Now().Add(25*time.Millisecond), ""); err != nil && !errors.Is(err, scheduler.ErrInvalid) {
				t.Error("move: ", err)
			}
		}
	})
	all.Wait()
	for _, n := range nodes {
		finish(t, n)
	}
	if ran := storetest.Query[int64](t, conn, "SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'"); ran == 0 || skips.Load() == 0 {
		t.Fatalf("%d runs, %d skips: nothing met", ran, skips.Load())
	}
	checkFatesOnce(t, conn)
}

// checkFatesOnce fails where a fire time has two final records: by its run, or by the spans of the records.
func checkFatesOnce(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	if twice := storetest.Query[int](t, conn, `SELECT count(*) FROM (SELECT FROM pgdue.run_history WHERE final AND cause = 'schedule'
		GROUP BY job_id, run_id HAVING count(*) > 1) r`); twice > 0 {
		t.Errorf("%d runs have two final records", twice)
	}
	if overlap := storetest.Query[int](t, conn, `SELECT count(*) FROM (
		SELECT first_run_time, lag(last_run_time) OVER (PARTITION BY job_id ORDER BY first_run_time, last_run_time) AS before
		FROM pgdue.run_history WHERE final AND cause = 'schedule') r WHERE first_run_time <= before`); overlap > 0 {
		t.Errorf("%d records stand for fire times of another one", overlap)
	}
}

// A fire that is moved begins then, and the trigger's own follow; of those that it passes over none is left without its record.
func TestMovedFireBeginsThen(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	o := add(t, s, storetest.Job(t, "m", `{"type":"interval","every":"1h"}`))
	to := o.NextRunTime.Add(2*time.Hour + 20*time.Minute)
	if o, err := s.MoveNext(scheduler.WithActor(t.Context(), "ada"), "m", to, "late figures"); err != nil || !o.NextRunTime.Equal(to) || !o.DueAt.Equal(to) {
		t.Fatalf("next %s, due %s, %v", o.NextRunTime, o.DueAt, err)
	}
	w := &work{}
	tick(t, newNode(t, storeAt(t, url, 3*time.Hour+10*time.Minute), w))
	if len(w.executed()) != 0 {
		t.Error("a fire that was passed over began")
	}
	later := newNode(t, storeAt(t, url, 3*time.Hour+30*time.Minute), w)
	tick(t, later)
	finish(t, later)
	if len(w.executed()) != 1 {
		t.Errorf("%d runs at the moved time", len(w.executed()))
	}
	got := storetest.Query[string](t, conn, `SELECT string_agg(format('%s %s ×%s', outcome, reason, fire_count), '; ' ORDER BY scheduled_run_time)
		FROM pgdue.run_history`)
	if want := "skipped rescheduled ×3; succeeded  ×1"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
	if o, err := s.Job(t.Context(), "m"); err != nil || !o.NextRunTime.Equal(o.Anchor.Add(4*time.Hour)) {
		t.Errorf("next run time is %s, anchored %s; %v", o.NextRunTime, o.Anchor, err)
	}
}

// An edit that was made from a revision that is not there any more changes nothing.
func TestModifyOfAnotherRevision(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	d := storetest.Job(t, "r", `{"type":"date"}`)
	first := add(t, s, d)
	d.MaxInstances = 2
	second, err := s.Modify(t.Context(), "r", first.Revision, d)
	if err != nil || second.MaxInstances != 2 || !second.Anchor.Equal(first.Anchor) || !second.NextRunTime.Equal(first.NextRunTime) {
		t.Fatalf("modified to %+v, %v", second, err)
	}
	if same, err := s.Modify(t.Context(), "r", second.Revision, d); err != nil || same.Revision != second.Revision {
		t.Errorf("an equal definition: revision %d after %d, %v", same.Revision, second.Revision, err)
	}
	d.MaxInstances = 3
	if _, err := s.Modify(t.Context(), "r", first.Revision, d); !errors.Is(err, scheduler.ErrChanged) {
		t.Errorf("from the first revision: %v", err)
	}
	if o, err := s.Job(t.Context(), "r"); err != nil || o.MaxInstances != 2 {
		t.Errorf("max_instances is %d, %v", o.MaxInstances, err)
	}
	if _, err := s.Modify(t.Context(), "nobody", 1, d); !errors.Is(err, scheduler.ErrNotFound) {
		t.Errorf("of no job: %v", err)
	}
}

// Lowered below what is running, max_instances lets nothing begin until so many have ended, and ends nothing; raised, it
// lets what waits begin with the next look.
func TestMaxInstancesLoweredAndRaised(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	w := &work{gate: gate}
	n := newNode(t, s, w)
	d := storetest.Job(t, "l", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	d.MaxInstances = 2
	add(t, s, d)
	ask := func(runs int) {
		t.Helper()
		for range runs {
			if _, err := s.RunNow(t.Context(), "l", ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	limit := func(max int) {
		t.Helper()
		d.MaxInstances = max
		if _, _, err := s.Put(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, running, waiting int) {
		t.Helper()
		for range 5 {
			tick(t, n)
		}
		if o, err := s.Job(t.Context(), "l"); err != nil || o.Running != running || o.Waiting != waiting {
			t.Errorf("%s: %d run and %d wait, want %d and %d; %v", what, o.Running, o.Waiting, running, waiting, err)
		}
	}
	ask(4)
	want("at the limit of 2", 2, 2)
	limit(1)
	want("lowered to 1", 2, 2)
	limit(3)
	if !storetest.Query[bool](t, conn, "SELECT due_at <= pgdue.now() FROM pgdue.next_run_times") {
		t.Error("the raised limit does not make the job due")
	}
	want("raised to 3", 3, 1)
	limit(1)
	ask(1)
	want("lowered to 1 again", 3, 2)
	close(gate)
	finish(t, n)
	want("after their end", 1, 1)
	finish(t, n)
	if ended := storetest.Query[string](t, conn, "SELECT string_agg(DISTINCT outcome, ' ') FROM pgdue.run_history"); ended != "succeeded" {
		t.Errorf("runs ended as %s", ended)
	}
}

// A job that is removed while it runs: the run goes on and is recorded.
func TestRemovedWhileItRuns(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	add(t, s, storetest.Job(t, "g", `{"type":"date"}`))
	tick(t, n)
	if err := s.Remove(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	close(gate)
	finish(t, n)
	got := storetest.Query[string](t, conn, "SELECT string_agg(format('%s %s', outcome, final), '; ') FROM pgdue.run_history")
	if left := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); got != "succeeded t" || left != 0 {
		t.Errorf("history is %q, %d instances are left", got, left)
	}
}

// given is an executor that notes the payloads and fails the first attempts.
type given struct {
	fails int

	mu       sync.Mutex
	payloads []string
}

func (g *given) Queues() []string { return []string{scheduler.ExecutorExec} }

func (g *given) Execute(_ context.Context, a scheduler.Attempt) scheduler.Result {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.payloads = append(g.payloads, fmt.Sprintf("%d:%s", a.Attempt, a.Payload))
	if a.Attempt <= g.fails {
		return scheduler.Result{Outcome: scheduler.Failed, Error: "not yet"}
	}
	return scheduler.Result{Outcome: scheduler.Succeeded}
}

func (g *given) node(t *testing.T, s *store.Store) *scheduler.Scheduler {
	t.Helper()
	n := &scheduler.Scheduler{Store: s, Executor: g, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}

// What a run is given reaches each of its attempts, also after a failure and after its node died.
func TestPayloadReachesEveryAttempt(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "p", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	d.MaxAttempts = 3
	add(t, s, d)
	if _, err := s.RunNow(t.Context(), "p", "{\"order\": 42}"); err != nil {
		t.Fatal(err)
	}
	g := &given{fails: 1}
	n := g.node(t, s)
	tick(t, n)
	finish(t, n)
	dead := registered(t, s, "dead")
	hurry(t, conn)
	c, err := s.Claim(t.Context(), one(dead), plan)
	if err != nil || len(c.Decided) != 1 || c.Decided[0].Decision.Begin[0].Payload != "{\"order\": 42}" {
		t.Fatalf("the second attempt: %+v, %v", c.Decided, err)
	}
	if marked, err := s.MarkDead(t.Context(), peer(dead)); err != nil || !marked {
		t.Fatal("mark dead: ", marked, err)
	}
	if _, _, err := s.TakeOver(t.Context(), peer(dead), 10); err != nil {
		t.Fatal("take over: ", err)
	}
	hurry(t, conn)
	last := g.node(t, s)
	tick(t, last)
	finish(t, last)
	if got, want := fmt.Sprint(g.payloads), `[1:{"order": 42} 3:{"order": 42}]`; got != want {
		t.Errorf("attempts were given %s, want %s", got, want)
	}
	wantHistory(t, conn, "1 failed, 2 lost, 3 succeeded final")
}

// A run of a finished job begins before a look removes the job, also at the very moment of its removal; it goes only after
// the run has ended.
func TestRunNowOfAFinishedJob(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	w := &work{}
	n := newNode(t, s, w)
	add(t, s, storetest.Job(t, "f", `{"type":"date"}`))
	tick(t, n)
	finish(t, n)
	later := storeAt(t, url, 25*time.Hour)
	if _, err := later.RunNow(t.Context(), "f", ""); err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	held := &work{gate: gate}
	m := newNode(t, later, held)
	for range 3 {
		tick(t, m)
	}
	if o, err := s.Job(t.Context(), "f"); err != nil || o.Running != 1 || o.State != scheduler.StateFinished {
		t.Fatalf("the job has %d running: %v", o.Running, err)
	}
	close(gate)
	finish(t, m)
	tickAt(t, url, 50*time.Hour)
	if _, err := s.Job(t.Context(), "f"); !errors.Is(err, scheduler.ErrNotFound) {
		t.Errorf("a day after the run the job is still there: %v", err)
	}
	if ran := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'"); ran != 2 {
		t.Errorf("%d runs succeeded, want 2", ran)
	}
}
