package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// turns bound the connections on which edits wait for locks, so that reads and probes always find one. Edits of one
// thing would wait for each other in the database anyway: one of them has a connection, the others wait here, where
// they cost nothing. So a job that somebody has locked takes one connection, however many want to edit it. Edits of all
// things together take so many as there are places.
type turns struct {
	places chan struct{}

	mu   sync.Mutex
	busy map[string]*turn // by what is edited
}

// turn is the place of one thing's edits.
type turn struct {
	place chan struct{}
	users int // that have it or wait for it
}

// newTurns leaves the other half of so many connections alone.
func newTurns(connections int32) *turns {
	return &turns{places: make(chan struct{}, max(1, connections/2)), busy: map[string]*turn{}}
}

// take waits for the turn to edit what, so long and no longer: ErrLocked. done gives it back.
func (t *turns) take(ctx context.Context, what string, limit time.Duration) (done func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("%w: %s passed while other edits of this process waited for it", job.ErrLocked, limit))
	defer cancel()
	own := t.join(what)
	for _, place := range []chan struct{}{own.place, t.places} {
		select {
		case place <- struct{}{}:
		case <-ctx.Done():
			if place == t.places {
				<-own.place
			}
			t.leave(what)
			return nil, context.Cause(ctx)
		}
	}
	return func() {
		<-t.places
		<-own.place
		t.leave(what)
	}, nil
}

func (t *turns) join(what string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.busy[what]
	if own == nil {
		own = &turn{place: make(chan struct{}, 1)}
		t.busy[what] = own
	}
	own.users++
	return own
}

func (t *turns) leave(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[what].users--; t.busy[what].users == 0 {
		delete(t.busy, what)
	}
}
