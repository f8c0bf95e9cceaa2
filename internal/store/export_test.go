package store

import "time"

// SetCallLimit shortens how long a call of the database may take.
func (s *Store) SetCallLimit(d time.Duration) { s.limit = d }

// SetIdleLimit shortens how long a transaction may idle.
func (s *Store) SetIdleLimit(d time.Duration) { s.begin = begin(d) }
