package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// lease is a node's trust in itself, by the monotonic clock, and the context of the work that it holds: the context
// ends with the trust. A node whose lease expired and that could then renew it after all gets a new context.
type lease struct {
	mu     sync.Mutex // guards the others
	until  time.Time
	work   context.Context // nil while the node does not trust itself
	cancel context.CancelCauseFunc
	closed bool // never again
}

// renew trusts the node for job.LeaseTime from the start of a renewal that succeeded.
func (l *lease) renew(started time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = started.Add(job.LeaseTime)
	if l.work == nil && !l.closed {
		l.work, l.cancel = context.WithCancelCause(context.Background())
	}
}

func (l *lease) trusted() bool { return l.remaining() > 0 }

func (l *lease) remaining() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until)
}

// context returns the context for work that starts now; nil when the node does not trust itself.
func (l *lease) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Until(l.until) <= 0 || l.closed {
		return nil
	}
	return l.work
}

// expire stops all work because the trust ran out. It says whether there was any trust to end.
func (l *lease) expire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.work == nil {
		return false
	}
	l.stop(job.ErrLeaseLost)
	return true
}

// close stops all work for good.
func (l *lease) close(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.stop(cause)
}

// stop ends the trust and its context. The caller holds mu.
func (l *lease) stop(cause error) {
	l.until = time.Time{}
	if l.work != nil {
		l.cancel(cause)
		l.work = nil
	}
}
