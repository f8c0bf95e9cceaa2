package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// takeOverLoop ends the attempts of dead nodes as lost, one node after the other. It is a loop of its own: who holds a
// job's lock must not keep this node from renewing its lease.
type takeOverLoop struct {
	store   Store
	story   *story
	metrics Metrics
	claims  signal // instances are free again
	judges  *judgeLoop

	queue chan job.Peer

	mu     sync.Mutex         // guards queued
	queued map[uuid.UUID]bool // nodes that are in the queue, or are being taken over
}

const (
	// takeOverQueue is how many dead nodes may wait to be taken over. One that does not fit in is seen again at the
	// next beat.
	takeOverQueue = 16
	takeOverBatch = 500
	// takeOverTries and takeOverPause bound the wait for jobs that are locked. Who holds one for longer must not hold
	// up the take-over of other nodes.
	takeOverTries = 10
	takeOverPause = 100 * time.Millisecond
)

// add queues dead nodes, unless they are queued already.
func (l *takeOverLoop) add(dead []job.Peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range dead {
		if l.queued[p.ID] {
			continue
		}
		select {
		case l.queue <- p:
			l.queued[p.ID] = true
		default:
		}
	}
}

func (l *takeOverLoop) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-l.queue:
			if err := l.takeOver(ctx, p); err != nil && ctx.Err() == nil {
				l.story.takeOverFailed(p, err)
			}
			l.mu.Lock()
			delete(l.queued, p.ID) // from now on it may be queued again
			l.mu.Unlock()
		}
	}
}

// takeOver marks p dead, if it is not yet, and ends its attempts as lost. Where a job is locked for longer than a claim
// takes, it leaves the rest to the next time p is seen.
func (l *takeOverLoop) takeOver(ctx context.Context, p job.Peer) error {
	if p.Alive && !p.Orphan {
		marked, err := l.store.MarkDead(ctx, p)
		if err != nil || !marked {
			return err
		}
		// Durable from here: p can neither claim nor renew. If we die now, others see it marked and go on.
		l.story.peerMarkedDead(p)
	}
	for tries := 0; tries < takeOverTries && ctx.Err() == nil; {
		ended, done, err := l.store.TakeOver(ctx, p, takeOverBatch)
		if err != nil {
			return err
		}
		l.lost(ended, p)
		if done {
			l.story.takenOver(p)
			l.claims.send()
			return nil
		}
		if tries++; len(ended) > 0 {
			tries = 0
			continue
		}
		sleep(ctx, takeOverPause)
	}
	return ctx.Err()
}

// lost tells of attempts that were ended as lost, and lets their jobs be judged.
func (l *takeOverLoop) lost(ended []job.Record, p job.Peer) {
	l.metrics.TakenOver(ended)
	for _, r := range ended {
		l.story.lost(r, p)
		l.judges.add(r.JobID)
	}
}
