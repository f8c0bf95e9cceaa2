package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// start executes a run that a committed claim began. A node that does not trust its lease any more executes nothing: it
// ends the attempt as lost.
func (s *Scheduler) start(d Decided, r Start) {
	i := Instance{Run: r.Run, StandsFor: r.StandsFor, NodeID: s.node.ID, Node: s.node.Name, StartedAt: d.Now}
	if t := d.Job.EffectiveTimeout(); t > 0 {
		i.Deadline = d.Now.Add(t)
	}
	ctx := s.lease.context()
	if ctx == nil {
		s.end(d, i, Result{Outcome: Lost, Error: "the node's lease ran out before the work could start"}, 0)
		return
	}
	s.Log.Info("run began", "job", r.JobID, "run", r.RunID, "attempt", r.Attempt,
		"scheduled_run_time", r.ScheduledRunTime, "lateness", d.Now.Sub(r.ScheduledRunTime))
	s.active.Add(1)
	go func() {
		defer s.active.Done()
		started := time.Now()
		result := s.Executor.Execute(ctx, Attempt{Instance: i, Definition: d.Job.Definition})
		s.end(d, i, result, time.Since(started))
	}()
}

// end hands an attempt's end to the recording loop.
func (s *Scheduler) end(d Decided, i Instance, r Result, took time.Duration) {
	attrs := []any{"job", i.JobID, "run", i.RunID, "attempt", i.Attempt, "outcome", r.Outcome, "duration", took.Round(time.Microsecond)}
	if r.Outcome == Succeeded {
		s.Log.Info("run ended", attrs...)
	} else {
		s.Log.Warn("run ended", append(attrs, "err", r.Error)...)
	}
	record := Record{
		Run: i.Run, Outcome: r.Outcome, Sentence: endSentence(i, r, took), StartedAt: i.StartedAt,
		NodeID: i.NodeID, Node: i.Node, Error: r.Error, Output: r.Output, Status: r.Status,
		FireCount: 1, FirstRunTime: i.ScheduledRunTime, LastRunTime: i.ScheduledRunTime,
	}
	d.Job.conclude(&record)
	s.ended.add(ending{d.Queue, record})
}

func endSentence(i Instance, r Result, took time.Duration) string {
	sentence := fmt.Sprintf("%s after %s on %s", outcomeWords[r.Outcome], short(took), i.Node)
	if r.Error != "" {
		sentence += ": " + r.Error
	}
	return sentence
}

var outcomeWords = map[Outcome]string{
	Succeeded: "succeeded", Failed: "failed", TimedOut: "timed out", Cancelled: "was cancelled", Lost: "was lost",
}

// ending is an attempt's record that is not durable yet, and the queue whose slot it holds.
type ending struct {
	queue  string
	record Record
}

// endings collects ends while the previous batch is being written: batches form by themselves.
type endings struct {
	mu     sync.Mutex
	list   []ending
	signal chan struct{}
}

func (e *endings) add(x ...ending) {
	e.mu.Lock()
	e.list = append(e.list, x...)
	e.mu.Unlock()
	select {
	case e.signal <- struct{}{}:
	default:
	}
}

func (e *endings) take(limit int) []ending {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := min(limit, len(e.list))
	batch := e.list[:n:n]
	e.list = e.list[n:]
	return batch
}

const completeBatch = 500

// Finish waits until all attempts that this node began have ended, recorded or not.
func (s *Scheduler) Finish(ctx context.Context) {
	done := make(chan struct{})
	go func() { s.active.Wait(); close(done) }()
	select {
	case <-ctx.Done():
	case <-done:
	}
}

// RecordEnds writes the ends of attempts until ctx ends.
func (s *Scheduler) RecordEnds(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ended.signal:
			s.Flush(ctx)
		}
	}
}

// Flush writes all ends that are not durable yet; what the database cannot take now it tries until ctx ends.
func (s *Scheduler) Flush(ctx context.Context) {
	for {
		batch := s.ended.take(completeBatch)
		if len(batch) == 0 {
			return
		}
		for !s.record(ctx, batch) {
			if sleep(ctx, errorRelook); ctx.Err() != nil {
				s.ended.add(batch...)
				return
			}
		}
	}
}

// record writes one batch and gives its slots back. false: the database did not take it, nothing is lost.
func (s *Scheduler) record(ctx context.Context, batch []ending) bool {
	stale, err := s.Store.Complete(ctx, records(batch))
	if errors.Is(err, ErrRejected) {
		stale, err = s.recordOneByOne(ctx, batch)
	}
	if err != nil {
		if ctx.Err() != nil { // the caller goes on, under another context
			return false
		}
		s.Log.Warn("ends of runs not recorded yet; trying again", "node", s.node.Name, "runs", len(batch), "err", err)
		return false
	}
	// Durable from here: if we die now, the ends are known and the instances are free.
	if stale > 0 {
		s.Log.Warn("ends of runs that had been taken over were ignored", "node", s.node.Name, "runs", stale)
	}
	for _, e := range batch {
		if s.slots.give(e.queue, 1) {
			s.Wake() // what is due may have waited for a slot
		}
	}
	s.wakeWaiting(ctx, batch)
	if slices.ContainsFunc(batch, func(e ending) bool { return !e.record.Final }) {
		s.Wake() // a next attempt may be due before what this node sleeps until
	}
	return true
}

// wakeWaiting lets the next look see that instances are free for runs that wait. If it fails, or we die before it, the
// jobs are looked at again after relookAtLimit.
func (s *Scheduler) wakeWaiting(ctx context.Context, batch []ending) {
	var jobs []string
	for _, e := range batch {
		jobs = append(jobs, e.record.JobID)
	}
	slices.Sort(jobs)
	woken, err := s.Store.WakeWaiting(ctx, slices.Compact(jobs))
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("waiting runs not woken; their jobs are looked at again soon", "node", s.node.Name, "within", relookAtLimit, "err", err)
	}
	if woken > 0 {
		s.Wake()
	}
}

// recordOneByOne writes a refused batch row by row; a row that is refused alone is written without what the work said.
func (s *Scheduler) recordOneByOne(ctx context.Context, batch []ending) (stale int, err error) {
	for _, e := range batch {
		n, err := s.Store.Complete(ctx, []Record{e.record})
		if errors.Is(err, ErrRejected) {
			s.Log.Error("the end of a run could not be recorded as it was; its output is left out", "job", e.record.JobID,
				"run", e.record.RunID, "err", err)
			plain := e.record
			plain.Output, plain.Error = "", "the output and error could not be stored: "+err.Error()
			plain.Sentence = fmt.Sprintf("%s on %s", outcomeWords[plain.Outcome], plain.Node)
			n, err = s.Store.Complete(ctx, []Record{plain})
		}
		if err != nil {
			return stale, err
		}
		stale += n
	}
	return stale, nil
}

func records(batch []ending) []Record {
	rs := make([]Record, len(batch))
	for i, e := range batch {
		rs[i] = e.record
	}
	return rs
}
