package store

import "time"

// SetLockLimit shortens how long an edit waits for a lock.
func (s *Store) SetLockLimit(d time.Duration) { s.lockLimit = d }

// SetCallLimit shortens how long a call of the database may take.
func (s *Store) SetCallLimit(d time.Duration) { s.limit, s.editLimit = d, d }

// SetIdleLimit shortens how long a transaction may idle.
func (s *Store) SetIdleLimit(d time.Duration) { s.begin = beginStatement(d) }

// SessionName is sessionName.
var SessionName = sessionName
