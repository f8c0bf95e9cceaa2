package scheduler

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

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
func (s *Scheduler) cancel(a job.Asked) {
	s.mu.Lock()
	cancel := s.executing[a.RunID]
	s.mu.Unlock()
	if cancel != nil {
		cancel(&job.CancelledError{CancelRequest: a.CancelRequest})
	}
}

// Cancels cancels what it is asked for until ctx ends.
func (s *Scheduler) Cancels(ctx context.Context) error {
	tick := time.NewTicker(job.BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.asked:
		}
		if err := s.LookForCancels(ctx); err != nil && ctx.Err() == nil {
			s.story.cancelsNotRead(err)
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
func (s *Scheduler) replaceOldest(ctx context.Context, c policy.Claim) {
	var others []uuid.UUID
	for _, d := range c.Decided {
		for _, r := range d.Decision.Cancel {
			s.story.replaced(r)
			if r.NodeID == s.node.ID {
				s.cancel(job.Asked{RunID: r.RunID, CancelRequest: r.Request})
			} else {
				others = append(others, r.NodeID)
			}
		}
	}
	if len(others) == 0 {
		return
	}
	if err := s.Store.TellCancels(ctx, others); err != nil && ctx.Err() == nil {
		s.story.othersNotTold(err)
	}
}
