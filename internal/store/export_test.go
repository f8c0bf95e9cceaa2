package store

import (
	"context"
	"runtime"
	"time"
)

// SetLockLimit shortens how long an edit waits for a lock.
func (s *Store) SetLockLimit(d time.Duration) { s.lockLimit = d }

// SetCallLimit shortens how long a call of the database may take.
func (s *Store) SetCallLimit(d time.Duration) { s.limit, s.editLimit = d, d }

// SetIdleLimit shortens how long a transaction may idle.
func (s *Store) SetIdleLimit(d time.Duration) { s.begin = beginStatement(d) }

// SessionName is sessionName.
var SessionName = sessionName

// AwaitTurns waits until so many edits of something have their turn or wait for it, and returns how many do.
func (s *Store) AwaitTurns(ctx context.Context, what string, users int) (n int) {
	for ctx.Err() == nil {
		s.turns.mu.Lock()
		if own := s.turns.busy[what]; own != nil {
			n = own.users
		}
		s.turns.mu.Unlock()
		if n >= users {
			break
		}
		runtime.Gosched()
	}
	return n
}
