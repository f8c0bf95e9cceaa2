package servertest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Modify replaces the definition of a job that has the revision from.
func (s *Store) Modify(ctx context.Context, id string, from int64, d scheduler.Definition, reason string) (scheduler.Overview, error) {
	before, err := s.Job(ctx, id)
	if err != nil {
		return before, err
	}
	if before.Revision != from {
		return before, scheduler.ErrChanged
	}
	after, _, err := s.Put(ctx, d)
	if err == nil && after.Revision != before.Revision {
		s.happened(ctx, id, scheduler.ActionChanged, reason, definitionOf(before), definitionOf(after))
	}
	return after, err
}

func definitionOf(o scheduler.Overview) map[string]any {
	return map[string]any{"max_instances": o.MaxInstances, "labels": o.Labels, "revision": o.Revision}
}

// SkipNext skips a job's next fire.
func (s *Store) SkipNext(ctx context.Context, id, reason string) (scheduler.Overview, error) {
	return s.reschedule(ctx, id, scheduler.ActionNextSkipped, reason, func(j scheduler.Job) (scheduler.Job, error) {
		j, _, err := j.SkipNext(Now, scheduler.ActorOf(ctx), reason)
		return j, err
	})
}

// MoveNext moves a job's next fire.
func (s *Store) MoveNext(ctx context.Context, id string, at time.Time, reason string) (scheduler.Overview, error) {
	return s.reschedule(ctx, id, scheduler.ActionRescheduled, reason, func(j scheduler.Job) (scheduler.Job, error) {
		j, _, err := j.MoveNext(Now, at, scheduler.ActorOf(ctx), reason)
		return j, err
	})
}

// Reschedule gives a job another trigger.
func (s *Store) Reschedule(ctx context.Context, id string, t *trigger.Trigger, reason string) (scheduler.Overview, error) {
	return s.reschedule(ctx, id, scheduler.ActionRescheduled, reason, func(j scheduler.Job) (scheduler.Job, error) {
		j, _, err := j.Reschedule(t, Now)
		return j, err
	})
}

func (s *Store) reschedule(ctx context.Context, id string, action scheduler.Action, reason string, do func(scheduler.Job) (scheduler.Job, error)) (scheduler.Overview, error) {
	before, err := s.Job(ctx, id)
	if err != nil {
		return before, err
	}
	after, err := s.move(ctx, id, func(j scheduler.Job) (scheduler.Job, error) {
		j.Trigger = j.Trigger.Anchored(j.Anchor)
		return do(j)
	})
	if err == nil {
		s.happened(ctx, id, action, reason, map[string]any{"next_run_time": before.NextRunTime}, map[string]any{"next_run_time": after.NextRunTime})
	}
	return after, err
}

// happened records an event with the rows given.
func (s *Store) happened(ctx context.Context, id string, action scheduler.Action, reason string, before, after map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.happenedLocked(ctx, id, action, reason, before, after)
}

// happenedLocked is happened for who holds the lock.
func (s *Store) happenedLocked(ctx context.Context, id string, action scheduler.Action, reason string, before, after map[string]any) {
	s.events = append(s.events, scheduler.Event{
		ID: int64(len(s.events) + 1), JobID: id, At: Now, Actor: scheduler.ActorOf(ctx), Action: action, Reason: reason,
		Before: row(before), After: row(after),
	})
}

func row(columns map[string]any) json.RawMessage {
	if columns == nil {
		return nil
	}
	data, err := json.Marshal(columns)
	if err != nil {
		panic(err) // written in a test
	}
	return data
}

// Events lists events, newest first.
func (s *Store) Events(_ context.Context, f scheduler.EventFilter) (list []scheduler.Event, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Backward(s.events) {
		if e.JobID == f.JobID && (f.Before == 0 || e.ID < f.Before) {
			list = append(list, e)
		}
	}
	return list[:min(f.Limit, len(list))], nil
}
