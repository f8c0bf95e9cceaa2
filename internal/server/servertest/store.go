// Package servertest is the API over an in-memory store, for the tests of what speaks to it: the handlers, the client and
// the command line. The store knows jobs and the runs that a test puts into it; nothing ever fires.
package servertest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/server"
)

// Now is the time at which everything happens in a Store.
var Now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Serve serves s on a loopback port until t ends.
func Serve(t testing.TB, s server.Store) (url string) {
	t.Helper()
	api := &server.Server{Store: s, Log: slog.New(slog.DiscardHandler), Version: "v0.0.0-test", Loopback: true}
	ts := httptest.NewServer(api.Handler())
	t.Cleanup(ts.Close)
	return ts.URL
}

// Store is a server.Store. The zero value is empty.
type Store struct {
	mu       sync.Mutex
	jobs     map[string]scheduler.Overview
	runs     []scheduler.RunView
	alerts   []scheduler.Alert
	pauses   []scheduler.Pause // of labels and of everything
	revision int64
	events   []scheduler.Event
}

// Add creates a job that is due a minute after Now.
func (s *Store) Add(ctx context.Context, d scheduler.Definition) (scheduler.Overview, error) {
	if o, err := s.Job(ctx, d.ID); err == nil && o.State != scheduler.StateFinished {
		return o, scheduler.ErrExists
	}
	o, _, err := s.Put(ctx, d)
	return o, err
}

// Put creates or replaces a job.
func (s *Store) Put(ctx context.Context, d scheduler.Definition) (o scheduler.Overview, created bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs == nil {
		s.jobs = map[string]scheduler.Overview{}
	}
	o, exists := s.jobs[d.ID]
	if exists && equal(o.Definition, d) {
		o.Pauses = o.Covering(s.pauses)
		return covered(o), false, nil
	}
	s.revision++
	o.Definition, o.Revision, o.UpdatedAt = d, s.revision, Now
	if !exists {
		o.State, o.CreatedRevision, o.CreatedAt, o.Anchor = scheduler.StateActive, s.revision, Now, Now
		o.NextRunTime, o.DueAt = Now.Add(time.Minute), Now.Add(time.Minute)
	}
	s.jobs[d.ID] = o
	if !exists {
		s.happenedLocked(ctx, d.ID, scheduler.ActionAdded, "", nil, definitionOf(o))
	}
	o.Pauses = o.Covering(s.pauses)
	return covered(o), !exists, nil
}

func equal(a, b scheduler.Definition) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

// Job returns a job.
func (s *Store) Job(_ context.Context, id string) (scheduler.Overview, error) {
	o, err := s.stored(id)
	return covered(o), err
}

// stored is a job as an edit finds it.
func (s *Store) stored(id string) (scheduler.Overview, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.jobs[id]
	if !ok {
		return o, scheduler.ErrNotFound
	}
	o.Pauses = o.Covering(s.pauses)
	return o, nil
}

// Jobs lists jobs.
func (s *Store) Jobs(_ context.Context, after string, limit int) (list []scheduler.Overview, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.jobs {
		if o.ID > after {
			o.Pauses = o.Covering(s.pauses)
			list = append(list, covered(o))
		}
	}
	slices.SortFunc(list, func(a, b scheduler.Overview) int { return cmp.Compare(a.ID, b.ID) })
	return list[:min(limit, len(list))], nil
}

// Remove removes a job.
func (s *Store) Remove(ctx context.Context, id, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.jobs[id]
	if !ok {
		return scheduler.ErrNotFound
	}
	delete(s.jobs, id)
	s.happenedLocked(ctx, id, scheduler.ActionRemoved, reason, definitionOf(o), nil)
	return nil
}

// Pause pauses a job.
func (s *Store) Pause(ctx context.Context, id, reason string) (scheduler.Overview, error) {
	return s.move(ctx, id, func(j scheduler.Job) (scheduler.Job, error) { return j.Pause(Now, scheduler.ActorOf(ctx), reason) })
}

// Resume ends a job's pause.
func (s *Store) Resume(ctx context.Context, id string, runMissed bool, reason string) (scheduler.Overview, error) {
	before, err := s.stored(id)
	if err != nil {
		return before, err
	}
	after, err := s.move(ctx, id, func(j scheduler.Job) (scheduler.Job, error) {
		j, _, _ = j.Resume(Now, runMissed)
		return j, nil
	})
	if err == nil && after.Revision != before.Revision {
		s.happened(ctx, id, scheduler.ActionResumed, reason, map[string]any{"state": before.State}, map[string]any{"state": after.State})
	}
	return after, err
}

func (s *Store) move(ctx context.Context, id string, do func(scheduler.Job) (scheduler.Job, error)) (scheduler.Overview, error) {
	o, err := s.stored(id)
	if err != nil {
		return o, err
	}
	if o.Job, err = do(o.Job); err != nil {
		return o, err
	}
	s.Change(id, func(stored *scheduler.Overview) {
		if o.State != stored.State || !o.NextRunTime.Equal(stored.NextRunTime) || !o.Anchor.Equal(stored.Anchor) {
			s.revision++
			o.Revision, o.UpdatedAt = s.revision, Now
		}
		*stored = o
	})
	return s.Job(ctx, id)
}

// RunNow records a waiting run.
func (s *Store) RunNow(ctx context.Context, id, payload string) (scheduler.Run, error) {
	o, err := s.stored(id)
	if err != nil {
		return scheduler.Run{}, err
	}
	if o.State == scheduler.StateBlocked {
		return scheduler.Run{}, fmt.Errorf("%w: %s", scheduler.ErrBlocked, o.Error)
	}
	if err := o.PausedError(); err != nil {
		return scheduler.Run{}, err
	}
	w := o.ManualRun(Now)
	s.happened(ctx, id, scheduler.ActionRunAsked, "", nil, map[string]any{"run_id": w.RunID, "payload": payload})
	s.AddRun(scheduler.RunView{State: scheduler.RunWaiting, Record: scheduler.Record{Run: w.Run}})
	return w.Run, nil
}

// Cancel ends a run that waits, and asks for the end of one that runs.
func (s *Store) Cancel(ctx context.Context, jobID string, runID uuid.UUID, reason string) (c scheduler.Cancellation, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = scheduler.ErrNotFound
	for i := range s.runs {
		v := &s.runs[i]
		if v.JobID == jobID && v.RunID == runID {
			err = nil
			if !cancel(v, &c, scheduler.CancelRequest{At: Now, By: scheduler.ActorOf(ctx), Reason: reason}) {
				return c, fmt.Errorf("%w: %s", scheduler.ErrEnded, v.Outcome)
			}
		}
	}
	return c, err
}

// CancelAll does so with all runs of a job.
func (s *Store) CancelAll(ctx context.Context, jobID, reason string) (c scheduler.Cancellation, err error) {
	if _, err := s.Job(ctx, jobID); err != nil {
		return c, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.runs {
		if s.runs[i].JobID == jobID {
			cancel(&s.runs[i], &c, scheduler.CancelRequest{At: Now, By: scheduler.ActorOf(ctx), Reason: reason})
		}
	}
	return c, nil
}

func cancel(v *scheduler.RunView, c *scheduler.Cancellation, r scheduler.CancelRequest) bool {
	switch v.State {
	case scheduler.RunEnded:
		return false
	case scheduler.RunRunning:
		v.Cancel = r
		c.Asked++
	default:
		v.State, v.Final, v.Outcome, v.Sentence, v.EndedAt = scheduler.RunEnded, true, scheduler.Cancelled, scheduler.CancelSentence(r.By, r.Reason), Now
		c.Ended++
	}
	return true
}

// Change edits a stored job.
func (s *Store) Change(id string, edit func(*scheduler.Overview)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.jobs[id]
	edit(&o)
	s.jobs[id] = o
}

// AddRun records a run; the newest is added last.
func (s *Store) AddRun(v scheduler.RunView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = slices.Insert(s.runs, 0, v)
}

// Runs lists runs.
func (s *Store) Runs(_ context.Context, f scheduler.RunFilter) (list []scheduler.RunView, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.runs {
		if v.JobID == f.JobID && (f.Before.IsZero() || v.State == scheduler.RunEnded && v.EndedAt.Before(f.Before)) {
			list = append(list, v)
		}
	}
	return list[:min(f.Limit, len(list))], nil
}

// Run returns the attempts of a run.
func (s *Store) Run(_ context.Context, jobID string, runID uuid.UUID) (list []scheduler.RunView, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.runs {
		if v.JobID == jobID && v.RunID == runID {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b scheduler.RunView) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return list, nil
}
