package tests

import (
	"context"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// held is an executor whose first attempt goes on until it is released; all others succeed at once.
type held struct {
	begun    atomic.Bool
	released chan struct{}
	first    chan uuid.UUID // the held run, once it has ended
}

func newHeld() *held { return &held{released: make(chan struct{}), first: make(chan uuid.UUID, 1)} }

func (h *held) Queues() []string { return []string{job.KindExec.Name} }

func (h *held) Execute(ctx context.Context, a job.Attempt) job.Result {
	if h.begun.Swap(true) {
		return job.Result{Outcome: job.Succeeded}
	}
	defer func() { h.first <- a.RunID }()
	select {
	case <-h.released:
		return job.Result{Outcome: job.Succeeded}
	case <-ctx.Done():
		return job.Result{Outcome: job.Lost, Error: context.Cause(ctx).Error()}
	}
}

// release lets the held attempt succeed.
func (h *held) release() { close(h.released) }

// runID waits for the end of the held attempt and returns its run.
func (h *held) runID() uuid.UUID { return <-h.first }
