package scheduler

import (
	"context"
	"crypto/rand"
	"time"
)

// signal wakes a loop. One that is sent while the loop is busy is found when it waits next, and several become one. So
// whoever sends it writes first what the loop is to find.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

// send wakes the loop. It never waits.
func (s signal) send() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// wait returns when the signal comes, after d, or when ctx ends.
func (s signal) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-s:
	case <-t.C:
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	var never signal
	never.wait(ctx, d)
}

// outliving is a context that ends so long after ctx.
func outliving(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		sleep(longer, d)
		cancel()
	})
	return longer, func() { forget(); cancel() }
}

// jittered spreads what many nodes do at the same period: between d and 1.25 d.
func jittered(d time.Duration) time.Duration {
	var b [1]byte
	rand.Read(b[:])
	return d + d*time.Duration(b[0])/1024
}
