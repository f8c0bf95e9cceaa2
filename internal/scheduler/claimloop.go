package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// claimLoop lets the claimer tick when a job is due, when it is woken, and at least every poll. It knows for ready
// whether that succeeds.
type claimLoop struct {
	claimer *claimer
	lease   *lease
	skips   *skips
	pauses  *pauses
	story   *story
	metrics Metrics
	poll    time.Duration
	wake    signal // a job of this node may be due

	over atomic.Bool // this node claims nothing any more

	mu        sync.Mutex // guards the others; never held while the database is asked, so that ready answers at once
	succeeded bool       // the latest tick
	ticked    time.Time  // when it ended
}

const (
	// afterTrouble is how long a loop waits after the database's trouble before it asks again.
	afterTrouble = time.Second
	// quietAtMost is how long ago the latest tick of a ready node may have ended, where three polls are not more. It is
	// more than the Store lets a claim wait for an answer.
	quietAtMost = 15 * time.Second
)

// run ends when ctx does, or returns ErrLeaseLost.
func (l *claimLoop) run(ctx context.Context) error {
	defer l.over.Store(true)
	for ctx.Err() == nil {
		next, err := l.claimer.tick(ctx)
		if errors.Is(err, job.ErrLeaseLost) {
			l.lease.close(job.ErrLeaseLost)
			l.story.markedDead()
			return job.ErrLeaseLost
		}
		if ctx.Err() != nil {
			return nil
		}
		l.note(err)
		if err != nil {
			next = time.Now().Add(afterTrouble)
		}
		l.skips.sumUp(time.Now())
		l.pauses.read(ctx, next)
		if wait := min(time.Until(next), l.poll); wait > 0 {
			l.wake.wait(ctx, wait)
		}
	}
	return nil
}

// note keeps for ready whether the latest tick succeeded, and tells of a failure.
func (l *claimLoop) note(err error) {
	l.mu.Lock()
	l.succeeded, l.ticked = err == nil, time.Now()
	l.mu.Unlock()
	if err != nil {
		l.metrics.ClaimFailed()
		l.story.tickFailed(err)
	}
}

// ready says why nothing is claimed, or returns nil.
func (l *claimLoop) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.succeeded:
		return errors.New("the node's latest look at the due jobs did not succeed; see its log")
	case time.Since(l.ticked) > max(quietAtMost, 3*l.poll):
		return fmt.Errorf("the node has not looked at the due jobs since %s; does the database answer?",
			l.ticked.UTC().Format(time.RFC3339))
	}
	return nil
}
