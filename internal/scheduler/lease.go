package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// lease is a node's trust in itself, by the monotonic clock, and the context of the work that it holds: the context ends
// with the trust. A node whose trust ran out and that could then renew after all gets a new context.
type lease struct {
	mu     sync.Mutex
	until  time.Time
	work   context.Context
	cancel context.CancelCauseFunc
	ended  bool // shut down: never again
}

// renew trusts the node for leaseTime from the start of a renewal that succeeded.
func (l *lease) renew(started time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = started.Add(job.LeaseTime)
	if l.work == nil && !l.ended {
		l.work, l.cancel = context.WithCancelCause(context.Background())
	}
}

func (l *lease) trusted() bool { return l.remaining() > 0 }

func (l *lease) remaining() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until)
}

// context returns the context for work begun now; nil when the node does not trust itself.
func (l *lease) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Until(l.until) <= 0 || l.ended {
		return nil
	}
	return l.work
}

// lapse stops all work because the trust ran out. It says whether there was any trust to end.
func (l *lease) lapse() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.work == nil {
		return false
	}
	l.cancel(job.ErrLeaseLost)
	l.work, l.until = nil, time.Time{}
	return true
}

// end stops all work for good.
func (l *lease) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.until = true, time.Time{}
	if l.work != nil {
		l.cancel(cause)
		l.work = nil
	}
}
