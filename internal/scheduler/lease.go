package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// lease is a node's trust in itself: for job.LeaseTime from the start of its latest good renewal, by a clock that runs
// on while the machine sleeps. Nothing begins without it.
//
// Work that has begun has one of two contexts. That of job.ContactLostStop ends with the trust; a node that could then
// renew after all gets a new one. The other ends when the node is judged dead, or is done: an outage of the database,
// in which nobody can take anything over, ends no such work.
type lease struct {
	slept func() time.Duration // how long the machine has slept; nil: machineSlept

	mu        sync.Mutex // guards the others
	until     time.Time
	sleptThen time.Duration // at the latest renewal
	strict    scope
	lasting   scope
	closed    bool // never again
}

// scope is a context that can be ended; it is none while ctx is nil.
type scope struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (s *scope) begin() {
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancelCause(context.Background())
	}
}

func (s *scope) end(cause error) {
	if s.ctx != nil {
		s.cancel(cause)
		s.ctx = nil
	}
}

// renew trusts the node from the start of a renewal that succeeded.
func (l *lease) renew(started time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.until, l.sleptThen = started.Add(job.LeaseTime), l.sleep()
	l.strict.begin()
	l.lasting.begin()
}

// done says whether the node is done: no work begins or goes on.
func (l *lease) done() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// trusted says whether work may begin at this very moment.
func (l *lease) trusted() bool { return l.remaining() > 0 }

func (l *lease) remaining() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left()
}

// left is what remains of the trust. The caller holds mu.
func (l *lease) left() time.Duration { return time.Until(l.until) - (l.sleep() - l.sleptThen) }

func (l *lease) sleep() time.Duration {
	if l.slept == nil {
		return machineSlept()
	}
	return l.slept()
}

// context returns the context for work that starts now, of a job with that OnContactLost; nil when the node does not
// trust itself.
func (l *lease) context(onContactLost string) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left() <= 0 {
		return nil
	}
	if onContactLost == job.ContactLostStop {
		return l.strict.ctx
	}
	return l.lasting.ctx
}

// expire ends the trust, where it ran out, and the work that does not outlive it. It says whether there was any.
func (l *lease) expire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.strict.ctx == nil {
		return false
	}
	l.until = time.Time{}
	l.strict.end(job.ErrLeaseLost)
	return true
}

// close ends trust and all work for good.
func (l *lease) close(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.until = true, time.Time{}
	l.strict.end(cause)
	l.lasting.end(cause)
}
