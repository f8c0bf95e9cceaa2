package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// given is an executor that notes the payloads and fails the first attempts.
type given struct {
	fails int

	mu       sync.Mutex
	payloads []string
}

func (g *given) Queues() []string { return []string{job.KindExec.Name} }

func (g *given) Execute(_ context.Context, a job.Attempt) job.Result {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.payloads = append(g.payloads, fmt.Sprintf("%d:%s", a.Attempt, a.Payload))
	if a.Attempt <= g.fails {
		return job.Result{Outcome: job.Failed, Error: "not yet"}
	}
	return job.Result{Outcome: job.Succeeded}
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
	if _, err := s.RunNow(t.Context(), "p", "{\"order\": 42}", job.Author{}); err != nil {
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

// A run of a finished job begins before a look removes the job, also at the very moment of its removal; it goes only
// after the run has ended.
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
	if _, err := later.RunNow(t.Context(), "f", "", job.Author{}); err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	held := &work{gate: gate}
	m := newNode(t, later, held)
	for range 3 {
		tick(t, m)
	}
	if o, err := s.Job(t.Context(), "f"); err != nil || o.Running != 1 || o.State != job.StateFinished {
		t.Fatalf("the job has %d running: %v", o.Running, err)
	}
	close(gate)
	finish(t, m)
	tickAt(t, url, 50*time.Hour)
	if _, err := s.Job(t.Context(), "f"); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a day after the run the job is still there: %v", err)
	}
	if ran := storetest.Query[int](t, conn,
		"SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'"); ran != 2 {
		t.Errorf("%d runs succeeded, want 2", ran)
	}
}
