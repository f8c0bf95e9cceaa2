package scheduler

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// A dead node is queued once until it is taken over, and the lease never waits for room in the queue.
func TestDeadNodeIsQueuedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := node(&fake{}, quickly)
		register(t, n)
		l := n.takeOvers
		dead := make([]job.Peer, takeOverQueue+4)
		for i := range dead {
			dead[i].ID = uuid.New()
		}
		l.add(dead[:2])
		l.add(dead[:2])
		if len(l.queue) != 2 {
			t.Errorf("two dead nodes are queued %d times", len(l.queue))
		}
		l.add(dead)
		if len(l.queue) != takeOverQueue || len(l.queued) != takeOverQueue {
			t.Errorf("%d are queued and %d known to be, want %d", len(l.queue), len(l.queued), takeOverQueue)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go l.run(ctx)
		synctest.Wait()
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.queue)+len(l.queued) != 0 {
			t.Error("nodes that were taken over are still queued")
		}
	})
}
