package scheduler

import (
	"context"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

const (
	takeOverBatch = 500
	// takeOverTries and takeOverPause bound the wait for jobs that are locked. Who holds one for longer must not hold up
	// the take-over of other nodes.
	takeOverTries = 10
	takeOverPause = 100 * time.Millisecond
)

// takeOvers ends the attempts of nodes that were judged dead, until ctx ends.
func (s *Scheduler) takeOvers(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-s.dead:
			if err := s.TakeOver(ctx, p); err != nil && ctx.Err() == nil {
				s.story.takeOverFailed(p, err)
			}
			s.mu.Lock()
			delete(s.handed, p.ID) // from now on it may be handed over again
			s.mu.Unlock()
		}
	}
}

// TakeOver marks p dead, if it is not yet, and ends its attempts as lost. Where a job is locked for longer than a claim
// takes, it leaves the rest to the next time p is seen.
func (s *Scheduler) TakeOver(ctx context.Context, p job.Peer) error {
	if p.Alive && !p.Orphan {
		marked, err := s.Store.MarkDead(ctx, p)
		if err != nil || !marked {
			return err
		}
		// Durable from here: p can neither claim nor renew. If we die now, others see it marked and go on.
		s.story.otherJudgedDead(p)
	}
	for tries := 0; tries < takeOverTries && ctx.Err() == nil; {
		ended, done, err := s.Store.TakeOver(ctx, p, takeOverBatch)
		if err != nil {
			return err
		}
		s.Metrics.TakenOver(ended)
		for _, r := range ended {
			s.story.lost(r, p)
			s.judges.add(r.JobID)
		}
		if done {
			s.story.takenOver(p)
			s.wake.send()
			return nil
		}
		if tries++; len(ended) > 0 {
			tries = 0
			continue
		}
		sleep(ctx, takeOverPause)
	}
	return ctx.Err()
}
