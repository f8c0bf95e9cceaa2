package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A signal that is sent while nobody waits is found by the next wait, once, however often it was sent.
func TestSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSignal()
		waits := func(ctx context.Context) time.Duration {
			started := time.Now()
			s.wait(ctx, time.Minute)
			return time.Since(started)
		}
		s.send()
		s.send()
		if took := waits(t.Context()); took != 0 {
			t.Errorf("the first wait took %s", took)
		}
		if took := waits(t.Context()); took != time.Minute {
			t.Errorf("the second wait took %s, want a minute", took)
		}
		time.AfterFunc(time.Second, s.send)
		if took := waits(t.Context()); took != time.Second {
			t.Errorf("a wait that was woken took %s, want a second", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if took := waits(ctx); took != time.Second {
			t.Errorf("a wait whose context ended took %s, want a second", took)
		}
	})
}
