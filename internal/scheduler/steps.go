package scheduler

import (
	"context"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// The loops of a Scheduler one by one, and single steps of them, for tests that register a node and then decide by
// themselves what it does when. Run needs none of these.

// Tick claims what is due, as many jobs as it has free slots, starts the runs that the claim began, and says when to
// claim again. It may be called from several goroutines. ErrLeaseLost: this node may never claim again.
func (s *Scheduler) Tick(ctx context.Context) (next time.Time, err error) {
	return s.claims.claimer.tick(ctx)
}

// Finish waits until all attempts that this node started have ended, recorded or not.
func (s *Scheduler) Finish(ctx context.Context) { s.attempts.finish(ctx, nil) }

// Flush writes all ends that are not durable yet and not put aside; what the database cannot take now it tries until
// ctx ends.
func (s *Scheduler) Flush(ctx context.Context) { s.completions.flush(ctx) }

// RecordEnds writes the ends of attempts until ctx ends.
func (s *Scheduler) RecordEnds(ctx context.Context) error { return s.completions.run(ctx) }

// KeepLease renews the node's lease until ctx ends, stops its work when it could not, and hands over dead nodes. It
// returns ErrLeaseLost when another node marked this one dead.
func (s *Scheduler) KeepLease(ctx context.Context) error { return s.leases.run(ctx) }

// TakeOver marks p dead, if it is not yet, and ends its attempts as lost.
func (s *Scheduler) TakeOver(ctx context.Context, p job.Peer) error {
	return s.takeOvers.takeOver(ctx, p)
}

// Cancels cancels what it is asked for until ctx ends.
func (s *Scheduler) Cancels(ctx context.Context) error { return s.cancels.run(ctx) }

// CancelAsked cancels those attempts of this node that somebody asked to cancel.
func (s *Scheduler) CancelAsked(ctx context.Context) error { return s.cancels.cancelAsked(ctx) }

// JudgeAll judges all jobs with OnFailure.
func (s *Scheduler) JudgeAll(ctx context.Context) error { return s.judges.judgeAll(ctx) }
