package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// leaseLoop renews the node's lease, stops its work when it could not, and hands over the nodes that it finds dead.
type leaseLoop struct {
	store     Store
	node      uuid.UUID
	lease     *lease
	detector  *detector // of this loop alone
	takeOvers *takeOverLoop
	story     *story

	failing time.Time // since when renewals fail; zero: they do not
	told    time.Time // when that was told last
}

const (
	// renewAgain is the wait after a renewal that failed: soon after the database is back, the lease is too.
	renewAgain = 500 * time.Millisecond
	// tellFailing is how often it is told that renewals go on failing.
	tellFailing = 10 * time.Second
)

// run returns ErrLeaseLost when another node marked this one dead.
func (l *leaseLoop) run(ctx context.Context) error {
	next := time.Now()
	for {
		l.sleepUntil(ctx, next)
		if ctx.Err() != nil {
			return nil
		}
		started := time.Now()
		peers, err := l.beat(ctx)
		switch {
		case errors.Is(err, job.ErrLeaseLost):
			l.lease.close(job.ErrLeaseLost)
			l.story.markedDead()
			return job.ErrLeaseLost
		case ctx.Err() != nil:
			return nil
		case err != nil:
			l.detector.gap()
			l.failed(err)
			next = time.Now().Add(renewAgain)
		default:
			l.lease.renew(started)
			l.succeeded()
			l.takeOvers.add(l.detector.observe(peers, time.Now()))
			next = l.detector.nextBeat(started.Add(job.BeatEvery))
		}
	}
}

// failed tells of a renewal that failed: of the first, and then now and then.
func (l *leaseLoop) failed(err error) {
	now := time.Now()
	if l.failing.IsZero() {
		l.failing = now
	} else if now.Sub(l.told) < tellFailing {
		return
	}
	l.told = now
	l.story.notRenewed(max(0, l.lease.remaining()), err)
}

// succeeded tells of a renewal where those before it failed.
func (l *leaseLoop) succeeded() {
	if l.failing.IsZero() {
		return
	}
	l.story.renewedAgain(time.Since(l.failing))
	l.failing = time.Time{}
}

// sleepUntil sleeps until next, and stops the work at the moment in between at which the lease expires.
func (l *leaseLoop) sleepUntil(ctx context.Context, next time.Time) {
	for ctx.Err() == nil {
		remaining := l.lease.remaining()
		if remaining <= 0 && l.lease.expire() {
			l.story.leaseRanOut()
		}
		wait := time.Until(next)
		if wait <= 0 {
			return
		}
		if remaining > 0 {
			wait = min(wait, remaining)
		}
		sleep(ctx, wait)
	}
}

// beat renews under a deadline at which the loop must see to the lease again.
func (l *leaseLoop) beat(ctx context.Context) ([]job.Peer, error) {
	limit := job.BeatEvery
	if r := l.lease.remaining(); r > 0 {
		limit = min(limit, r)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return l.store.Beat(ctx, l.node)
}
