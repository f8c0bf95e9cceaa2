package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Modify changes a job as Put does, if it has the revision that the new definition was made from. ErrChanged: it has
// another; nothing was written.
func (s *Store) Modify(ctx context.Context, id string, from int64, d scheduler.Definition, reason string) (scheduler.Overview, error) {
	err := s.edit(ctx, id, func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, revision int64) error {
		if present == nil {
			return scheduler.ErrNotFound
		}
		if present.Revision != from {
			return scheduler.ErrChanged
		}
		return redefine(ctx, tx, *present, d, now, revision, reason)
	})
	if err != nil {
		return scheduler.Overview{}, err
	}
	return s.Job(ctx, id)
}

// SkipNext skips a job's next fire ahead of its time, as scheduler.Job.SkipNext says. A claim waits for the job's lock and
// finds the fire decided, or it was faster and the one after it is skipped.
func (s *Store) SkipNext(ctx context.Context, id, reason string) (scheduler.Overview, error) {
	return s.move(ctx, id, scheduler.ActionNextSkipped, reason, func(j scheduler.Job, now time.Time) (scheduler.Job, []scheduler.Record, error) {
		return j.SkipNext(now, scheduler.ActorOf(ctx), reason)
	})
}

// MoveNext moves a job's next fire to the time at, as scheduler.Job.MoveNext says.
func (s *Store) MoveNext(ctx context.Context, id string, at time.Time, reason string) (scheduler.Overview, error) {
	return s.move(ctx, id, scheduler.ActionRescheduled, reason, func(j scheduler.Job, now time.Time) (scheduler.Job, []scheduler.Record, error) {
		return j.MoveNext(now, at, scheduler.ActorOf(ctx), reason)
	})
}

// Reschedule gives a job another trigger, or lets an equal one begin afresh, as scheduler.Job.Reschedule says.
func (s *Store) Reschedule(ctx context.Context, id string, t *trigger.Trigger, reason string) (scheduler.Overview, error) {
	return s.move(ctx, id, scheduler.ActionRescheduled, reason, func(j scheduler.Job, now time.Time) (scheduler.Job, []scheduler.Record, error) {
		return j.Reschedule(t, now)
	})
}

// move is change for what lets no run wait.
func (s *Store) move(ctx context.Context, id string, action scheduler.Action, reason string,
	do func(scheduler.Job, time.Time) (scheduler.Job, []scheduler.Record, error)) (scheduler.Overview, error) {
	return s.change(ctx, id, action, reason, func(j scheduler.Job, now time.Time) (scheduler.Job, []scheduler.Record, []scheduler.WaitingRun, error) {
		j, records, err := do(j, now)
		return j, records, nil, err
	})
}
