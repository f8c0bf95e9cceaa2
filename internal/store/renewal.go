package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// yieldAtMost is how long a new connection of a pool waits for that of the lease to be made.
	yieldAtMost = 2 * time.Second
	// connectAgain is the wait before the lease's connection is tried again where the server had none left for us.
	connectAgain = 50 * time.Millisecond
)

// renewals is the connection on which a node writes and renews its row. It does nothing else, so that a renewal never
// waits for a free connection of a pool; and while it is being made the pools make none, and give theirs back where the
// server has no more for us: a node that cannot renew loses all that it runs.
type renewals struct {
	sessions *sessions
	gate     *gate // of the connections of our pools

	mu   sync.Mutex // held while the connection is used
	conn *pgx.Conn
}

// do asks something on the connection, which it makes where there is none. One that has died since it was used last is
// no failure: it asks again on another.
func (r *renewals) do(ctx context.Context, ask func(context.Context, *pgx.Conn) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil && !r.conn.IsClosed() {
		err := ask(ctx, r.conn)
		if err == nil || !r.conn.IsClosed() || ctx.Err() != nil {
			return err
		}
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	return ask(ctx, r.conn)
}

// connect makes the connection, before all others of this process.
func (r *renewals) connect(ctx context.Context) (err error) {
	r.gate.shut()
	defer r.gate.open()
	for {
		r.conn, err = r.sessions.connect(ctx)
		if !noneLeft(err) {
			return err
		}
		r.sessions.reset()
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; a node has up to %d connections: allow its role, and a pooler its clients, so many",
				err, r.most())
		case <-time.After(connectAgain):
		}
	}
}

// most is how many connections a node makes: those of the pools, this one, and the one that listens.
func (r *renewals) most() (n int32) {
	for _, p := range r.sessions.pools {
		n += p.Config().MaxConns
	}
	return n + 2
}

func (r *renewals) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.conn.Close(ctx)
	r.conn = nil
}

// gate is shut while new connections are to wait.
type gate struct {
	mu     sync.Mutex
	opened chan struct{} // closed when the gate opens; nil: it is open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.opened)
	g.opened = nil
}

// before is what a pool does before it connects: it waits at the gate, and goes on with next, where there is any.
func (g *gate) before(next func(context.Context, *pgx.ConnConfig) error) func(context.Context, *pgx.ConnConfig) error {
	return func(ctx context.Context, config *pgx.ConnConfig) error {
		if err := g.pass(ctx); err != nil || next == nil {
			return err
		}
		return next(ctx, config)
	}
}

// pass waits until the gate is open, and not for ever.
func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	opened := g.opened
	g.mu.Unlock()
	if opened == nil {
		return nil
	}
	select {
	case <-opened:
	case <-time.After(yieldAtMost):
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
