package servertest

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/scheduler"
)

// Why gathers what the store knows, beside one live node that serves the job.
func (s *Store) Why(_ context.Context, id string, at time.Time) (scheduler.Facts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, known := s.jobs[id]
	f := scheduler.Facts{ID: id, Now: Now, Known: known, At: at, Job: o.Job, Queue: o.Queue(), Retention: 30 * 24 * time.Hour}
	f.Nodes = []scheduler.NodeFact{{ID: uuid.Max, Name: "web-1", Alive: true, Queues: []string{f.Queue}, Slots: 100, BeatAt: Now}}
	if known {
		f.Job.Trigger = o.Trigger.Anchored(o.Anchor)
	} else {
		f.Nodes = nil
	}
	from, until := scheduler.Moment(at)
	for _, v := range s.runs {
		if v.JobID != id {
			continue
		}
		switch v.State {
		case scheduler.RunEnded:
			f.Recent = append(f.Recent, v)
		case scheduler.RunWaiting:
			f.Job.WaitingCount++
			f.Waiting = append(f.Waiting, scheduler.WaitingRun{Run: v.Run, CreatedAt: Now})
		case scheduler.RunRunning:
			f.Live = append(f.Live, scheduler.Instance{
				Run: v.Run, State: scheduler.InstanceExecuting, NodeID: uuid.Max, Node: v.Node, StartedAt: v.StartedAt, Cancel: v.Cancel})
		}
		if !v.ScheduledRunTime.Before(from) && v.ScheduledRunTime.Before(until) {
			f.AtRuns = append(f.AtRuns, v)
		}
		if !known && v.EndedAt.After(f.Gone.LastEnded) {
			f.Gone.LastEnded = v.EndedAt
		}
	}
	return f, nil
}
