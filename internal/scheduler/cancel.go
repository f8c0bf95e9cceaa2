package scheduler

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Cancelling a run that executes takes three steps: the request is written into its row, the node that executes it is
// notified, and it looks for requests among its rows. Without the notification it looks at every beatEvery.
//
//	cancel, replace ──row──▶ running instance ◀──look── its node ──context──▶ executor ──complete──▶ cancelled
//	                └─NOTIFY────────────────────────────▶┘
//
// The run goes on to be counted until its end is recorded. A run that ends by itself meanwhile has ended as it did.

// CancelRequest is a wish to end a run that has begun.
type CancelRequest struct {
	At     time.Time // zero: nobody asked
	By     string    // who asked
	Reason string    // why, "" when it was not said
}

// Asked is a request to cancel an attempt that a node executes.
type Asked struct {
	RunID uuid.UUID
	CancelRequest
}

// Cancellation says what a request to cancel did.
type Cancellation struct {
	Ended int // runs that had not begun, or were between two attempts: they have ended
	Asked int // runs that execute: their nodes are told
}

// CancelledError is the cause with which an attempt is cancelled that somebody asked to end.
type CancelledError struct{ CancelRequest }

func (e *CancelledError) Error() string { return CancelSentence(e.By, e.Reason) }

// CancelSentence tells a person who cancelled a run, and why.
func CancelSentence(by, reason string) string {
	return because("cancelled by "+by, reason)
}

// CancelTopic is what a node listens to for requests to cancel what it executes.
func CancelTopic(node uuid.UUID) string { return "cancel:" + node.String() }

// attempts are what this node executes, with the means to cancel each. They are guarded by Scheduler.mu.
type attempts map[uuid.UUID]context.CancelCauseFunc

// hold makes a context for an attempt, and remembers how to cancel it until release is called.
func (s *Scheduler) hold(ctx context.Context, run uuid.UUID) (held context.Context, release func()) {
	held, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	s.executing[run] = cancel
	s.mu.Unlock()
	return held, func() {
		s.mu.Lock()
		delete(s.executing, run)
		s.mu.Unlock()
		cancel(nil)
	}
}

// cancel ends an attempt of this node, if it still executes.
func (s *Scheduler) cancel(a Asked) {
	s.mu.Lock()
	cancel := s.executing[a.RunID]
	s.mu.Unlock()
	if cancel != nil {
		cancel(&CancelledError{a.CancelRequest})
	}
}

// Cancels cancels what it is asked for until ctx ends.
func (s *Scheduler) Cancels(ctx context.Context) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.asked:
		}
		if err := s.LookForCancels(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("requests to cancel runs were not looked for; trying again", "node", s.node.Name, "err", err)
		}
	}
}

// LookForCancels cancels those attempts of this node that somebody asked to cancel.
func (s *Scheduler) LookForCancels(ctx context.Context) error {
	s.mu.Lock()
	none := len(s.executing) == 0
	s.mu.Unlock()
	if none {
		return nil
	}
	asked, err := s.Store.Cancels(ctx, s.node.ID)
	for _, a := range asked {
		s.cancel(a)
	}
	return err
}

// replaceOldest carries out what a committed claim asked for: its own attempts are cancelled here, those of other nodes by
// them. If we die before that, they find the request in the row.
func (s *Scheduler) replaceOldest(ctx context.Context, c Claim) {
	var others []uuid.UUID
	for _, d := range c.Decided {
		for _, r := range d.Decision.Cancel {
			s.Log.Info("run is being replaced", "job", r.JobID, "run", r.RunID, "reason", r.Request.Reason)
			if r.NodeID == s.node.ID {
				s.cancel(Asked{r.RunID, r.Request})
			} else {
				others = append(others, r.NodeID)
			}
		}
	}
	if len(others) == 0 {
		return
	}
	if err := s.Store.TellCancels(ctx, others); err != nil && ctx.Err() == nil {
		s.Log.Warn("nodes were not told to cancel runs; they look by themselves", "within", beatEvery, "err", err)
	}
}

// lookForCancels wakes the loop that cancels.
func (s *Scheduler) lookForCancels() {
	select {
	case s.asked <- struct{}{}:
	default:
	}
}
