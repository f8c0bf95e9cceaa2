package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pgdue/pgdue/internal/job"
)

// completeLoop records the ends of attempts. Once an end is durable it gives the slot back, and lets begin what waited
// for the slot or for the instance. No end is lost: what the database cannot take now is tried until it does.
type completeLoop struct {
	store   Store
	queues  []string // that this node serves
	ends    *ends
	slots   *slots
	claims  *claimLoop
	judges  *judgeLoop
	story   *story
	metrics Metrics
}

const completeBatch = 500

func (l *completeLoop) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.ends.wake:
			l.flush(ctx)
		}
	}
}

// flush records all ends that are not durable yet and not put aside; what the database cannot take now it tries until
// ctx ends.
func (l *completeLoop) flush(ctx context.Context) {
	for {
		batch := l.ends.take(completeBatch)
		if len(batch) == 0 {
			return
		}
		for batch = l.split(ctx, batch); len(batch) > 0; batch = l.split(ctx, batch) {
			if sleep(ctx, afterTrouble); ctx.Err() != nil {
				l.ends.add(batch...)
				return
			}
		}
	}
}

// split records one batch and returns what of it the database could not take now. Final ends lock no job; those that
// are followed by another attempt do, and are recorded apart, so that who holds a job holds up no others.
func (l *completeLoop) split(ctx context.Context, batch []ending) (left []ending) {
	var finals, retries []ending
	for _, e := range batch {
		if e.record.Final {
			finals = append(finals, e)
		} else {
			retries = append(retries, e)
		}
	}
	return append(l.complete(ctx, finals), l.complete(ctx, retries)...)
}

// complete records ends in one transaction and returns those that the database could not take now.
func (l *completeLoop) complete(ctx context.Context, batch []ending) (left []ending) {
	if len(batch) == 0 {
		return nil
	}
	written, err := l.store.Complete(ctx, recordsOf(batch))
	switch {
	case refused(err):
		return l.oneByOne(ctx, batch)
	case err != nil:
		l.troubled(ctx, batch, err)
		return batch
	}
	l.durable(ctx, batch, written)
	return nil
}

// oneByOne records a refused batch end by end, and puts those aside that are refused alone: they must not hold up the
// others. It returns those that the database could not take now.
//
// The slot of an end that is put aside stays taken, and its instance counted. If the node stops before it is taken, the
// run is left for others to take over.
func (l *completeLoop) oneByOne(ctx context.Context, batch []ending) (left []ending) {
	var done []ending
	var written []job.Record
	for i, e := range batch {
		rs, err := l.alone(ctx, e.record)
		if refused(err) {
			l.story.refused(e.record, l.ends.putAside(e), err)
			continue
		}
		if err != nil {
			left = batch[i:]
			l.troubled(ctx, left, err)
			break
		}
		done, written = append(done, e), append(written, rs...)
	}
	l.durable(ctx, done, written)
	return left
}

// refused says whether ends were not taken because of themselves: alone, others may be.
func refused(err error) bool { return errors.Is(err, job.ErrRejected) || errors.Is(err, job.ErrLocked) }

// alone records one end, without what the work said where it is refused with it.
func (l *completeLoop) alone(ctx context.Context, r job.Record) (written []job.Record, err error) {
	written, err = l.store.Complete(ctx, []job.Record{r})
	if !errors.Is(err, job.ErrRejected) {
		return written, err
	}
	plain := r
	plain.Output, plain.Error = "", "the output and error could not be stored: "+err.Error()
	plain.Sentence = fmt.Sprintf("%s on %s", r.Outcome.InWords(), r.Node)
	written, plainErr := l.store.Complete(ctx, []job.Record{plain})
	if plainErr == nil {
		l.story.recordedWithoutOutput(r, err)
	}
	return written, plainErr
}

func (l *completeLoop) troubled(ctx context.Context, batch []ending, err error) {
	if ctx.Err() == nil { // else the caller goes on, under another context
		l.story.notRecorded(len(batch), err)
	}
}

// durable does what follows when ends are durable: written are their records, and the others are stale.
func (l *completeLoop) durable(ctx context.Context, batch []ending, written []job.Record) {
	// Durable from here: if we die now, the ends are known and the instances are free.
	if len(batch) == 0 {
		return
	}
	stale := len(batch) - len(written)
	l.metrics.Ended(endsOf(batch, written), stale)
	if stale > 0 {
		l.story.staleEnds(stale)
	}
	full := l.giveSlots(batch)
	l.makeWaitingDue(ctx, batch, full)
	l.judges.add(watched(batch)...)
	if slices.ContainsFunc(batch, func(e ending) bool { return !e.record.Final }) {
		l.claims.wake.send() // a next attempt may be due before what this node sleeps until
	}
}

// giveSlots gives the slots of ends back, and says of which queues all had been taken.
func (l *completeLoop) giveSlots(batch []ending) (full map[string]bool) {
	full = map[string]bool{}
	for _, e := range batch {
		if l.slots.give(e.queue, 1) {
			full[e.queue] = true
			l.claims.wake.send() // what is due may have waited for a slot
		}
	}
	return full
}

// makeWaitingDue lets a claim see that instances are free for runs that wait: mostly one of this node, which is why
// others are told only where it may not begin them. If it fails, or we die before it, the jobs are looked at again
// after policy.RelookAtLimit.
func (l *completeLoop) makeWaitingDue(ctx context.Context, batch []ending, full map[string]bool) {
	var jobs []string
	for _, e := range batch {
		jobs = append(jobs, e.record.JobID)
	}
	slices.Sort(jobs)
	// The end is recorded, and nobody would do this for a node that is just stopping.
	ctx, cancel := outliving(ctx, flushAtLeast)
	defer cancel()
	made, err := l.store.MakeWaitingDue(ctx, slices.Compact(jobs), l.mine(full))
	if err != nil && ctx.Err() == nil {
		l.story.waitingNotMadeDue(err)
	}
	if made > 0 {
		l.claims.wake.send()
	}
}

// mine lists the queues in which this node begins what is due: none when it drains, nor those of which all slots had
// been taken, since more may be due than the slots that have just become free.
func (l *completeLoop) mine(full map[string]bool) []string {
	if l.claims.over.Load() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(l.queues), func(q string) bool { return full[q] })
}
