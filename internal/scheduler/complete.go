package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pgdue/pgdue/internal/job"
)

const completeBatch = 500

// RecordEnds writes the ends of attempts until ctx ends.
func (s *Scheduler) RecordEnds(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ends.wake:
			s.Flush(ctx)
		}
	}
}

// Flush writes all ends that are not durable yet and not put aside; what the database cannot take now it tries until ctx
// ends.
func (s *Scheduler) Flush(ctx context.Context) {
	for {
		batch := s.ends.take(completeBatch)
		if len(batch) == 0 {
			return
		}
		for batch = s.record(ctx, batch); len(batch) > 0; batch = s.record(ctx, batch) {
			if sleep(ctx, afterTrouble); ctx.Err() != nil {
				s.ends.add(batch...)
				return
			}
		}
	}
}

// record writes one batch and returns what of it the database could not take now. Final ends lock no job; those that are
// followed by another attempt do, and are written apart, so that who holds a job holds up no others.
func (s *Scheduler) record(ctx context.Context, batch []ending) (left []ending) {
	var finals, again []ending
	for _, e := range batch {
		if e.record.Final {
			finals = append(finals, e)
		} else {
			again = append(again, e)
		}
	}
	return append(s.recordBatch(ctx, finals), s.recordBatch(ctx, again)...)
}

func (s *Scheduler) recordBatch(ctx context.Context, batch []ending) (left []ending) {
	if len(batch) == 0 {
		return nil
	}
	done, err := s.Store.Complete(ctx, records(batch))
	switch {
	case errors.Is(err, job.ErrRejected), errors.Is(err, job.ErrLocked):
		return s.recordOneByOne(ctx, batch)
	case err != nil:
		s.notRecorded(ctx, batch, err)
		return batch
	}
	s.recorded(ctx, batch, done)
	return nil
}

// recordOneByOne writes a refused batch end by end, and puts those aside that are refused alone: they must not hold up the
// others. It returns those that the database could not take now.
func (s *Scheduler) recordOneByOne(ctx context.Context, batch []ending) (left []ending) {
	var done []ending
	var recorded []job.Record
	for i, e := range batch {
		alone, err := s.recordAlone(ctx, e.record)
		if errors.Is(err, job.ErrRejected) || errors.Is(err, job.ErrLocked) {
			s.putAside(e, err)
			continue
		}
		if err != nil {
			left = batch[i:]
			s.notRecorded(ctx, left, err)
			break
		}
		done, recorded = append(done, e), append(recorded, alone...)
	}
	s.recorded(ctx, done, recorded)
	return left
}

// recordAlone writes one end, without what the work said where it is refused with it.
func (s *Scheduler) recordAlone(ctx context.Context, r job.Record) (recorded []job.Record, err error) {
	recorded, err = s.Store.Complete(ctx, []job.Record{r})
	if !errors.Is(err, job.ErrRejected) {
		return recorded, err
	}
	plain := r
	plain.Output, plain.Error = "", "the output and error could not be stored: "+err.Error()
	plain.Sentence = fmt.Sprintf("%s on %s", r.Outcome.InWords(), r.Node)
	recorded, plainErr := s.Store.Complete(ctx, []job.Record{plain})
	if plainErr == nil {
		s.story.recordedWithoutOutput(r, err)
	}
	return recorded, plainErr
}

// putAside tries an end that is refused again later and later. Its slot stays taken, and its instance counted. If the node
// stops before it is taken, the run is left for others to take over.
func (s *Scheduler) putAside(e ending, err error) {
	s.story.refused(e.record, s.ends.putAside(e), err)
}

func (s *Scheduler) notRecorded(ctx context.Context, batch []ending, err error) {
	if ctx.Err() == nil { // else the caller goes on, under another context
		s.story.notRecorded(len(batch), err)
	}
}

// recorded gives the slots of ends that are durable back. done are their records; the others are stale.
func (s *Scheduler) recorded(ctx context.Context, batch []ending, done []job.Record) {
	// Durable from here: if we die now, the ends are known and the instances are free.
	if len(batch) == 0 {
		return
	}
	stale := len(batch) - len(done)
	s.Metrics.Ended(endsOf(batch, done), stale)
	if stale > 0 {
		s.story.staleEnds(stale)
	}
	full := map[string]bool{}
	for _, e := range batch {
		if s.slots.give(e.queue, 1) {
			full[e.queue] = true
			s.wake.send() // what is due may have waited for a slot
		}
	}
	s.wakeWaiting(ctx, batch, full)
	s.judges.add(watched(batch)...)
	if slices.ContainsFunc(batch, func(e ending) bool { return !e.record.Final }) {
		s.wake.send() // a next attempt may be due before what this node sleeps until
	}
}

// wakeWaiting lets the next look see that instances are free for runs that wait: mostly one of this node, which is why others
// are told only where it may not begin them. If it fails, or we die before it, the jobs are looked at again after
// policy.RelookAtLimit.
func (s *Scheduler) wakeWaiting(ctx context.Context, batch []ending, full map[string]bool) {
	var jobs []string
	for _, e := range batch {
		jobs = append(jobs, e.record.JobID)
	}
	slices.Sort(jobs)
	woken, err := s.Store.WakeWaiting(ctx, slices.Compact(jobs), s.claimsIn(full))
	if err != nil && ctx.Err() == nil {
		s.story.waitingNotWoken(err)
	}
	if woken > 0 {
		s.wake.send()
	}
}

// claimsIn lists the queues in which this node begins what is due: not while it drains, nor where what is due may be more than
// the slots that have just become free.
func (s *Scheduler) claimsIn(full map[string]bool) []string {
	if s.drains.Load() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.node.Queues), func(q string) bool { return full[q] })
}

// watched lists the jobs of final ends that are to be judged.
func watched(batch []ending) (jobs []string) {
	for _, e := range batch {
		if e.watched && e.record.Final {
			jobs = append(jobs, e.record.JobID)
		}
	}
	return jobs
}

func records(batch []ending) []job.Record {
	rs := make([]job.Record, len(batch))
	for i, e := range batch {
		rs[i] = e.record
	}
	return rs
}
