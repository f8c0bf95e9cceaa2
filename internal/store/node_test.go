package store_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
)

// work is an executor that notes what it is given, and holds each attempt until gate is closed, if there is one.
type work struct {
	gate <-chan struct{}

	mu   sync.Mutex
	runs []uuid.UUID
	jobs []string
}

func (w *work) Queues() []string { return []string{job.KindExec.Name} }

func (w *work) Execute(_ context.Context, a job.Attempt) job.Result {
	w.mu.Lock()
	w.runs, w.jobs = append(w.runs, a.RunID), append(w.jobs, a.JobID)
	w.mu.Unlock()
	if w.gate != nil {
		<-w.gate
	}
	return job.Result{Outcome: job.Succeeded, Output: "done"}
}

// executed lists the runs that were executed.
func (w *work) executed() []uuid.UUID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.runs)
}

// newNode is a registered node that the test ticks by hand.
func newNode(t *testing.T, s *store.Store, w *work) *scheduler.Scheduler {
	t.Helper()
	n := &scheduler.Scheduler{Store: s, Executor: w, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}

// finish lets a node's attempts end and records them.
func finish(t *testing.T, n *scheduler.Scheduler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	n.Finish(ctx)
	n.Flush(ctx)
}

// tick claims what is due; it must succeed.
func tick(t *testing.T, n *scheduler.Scheduler) {
	t.Helper()
	if _, err := n.Tick(t.Context()); err != nil {
		t.Fatal("tick: ", err)
	}
}

// registered writes a node's row for tests that call the Store by hand.
func registered(t *testing.T, s *store.Store, name string) job.Node {
	t.Helper()
	n := job.Node{ID: uuid.New(), Name: name, Queues: []string{job.KindExec.Name}, Version: "test"}
	if err := s.Register(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n
}

// peer is a node as another one saw it: alive, its beat not moved.
func peer(n job.Node) job.Peer {
	return job.Peer{ID: n.ID, Name: n.Name, Alive: true}
}

// one is a claim of up to ten exec jobs.
func one(n job.Node) policy.ClaimRequest {
	return policy.ClaimRequest{Node: n.ID, Want: map[string]int{job.KindExec.Name: 10}}
}

// plan decides as a node does.
func plan(l policy.Look) policy.Decision {
	return policy.Plan(l)
}

func add(t *testing.T, s *store.Store, d job.Definition) job.Overview {
	t.Helper()
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal("add: ", err)
	}
	return overview(t, s, d.ID)
}

// overview is a job with what stands around it.
func overview(t *testing.T, s *store.Store, id string) job.Overview {
	t.Helper()
	o, err := s.Job(t.Context(), id)
	if err != nil {
		t.Fatalf("look at job %s: %v", id, err)
	}
	return o
}

// addFunc is Store.Add.
type addFunc = func(context.Context, job.Definition, job.Author) (policy.Change, error)
