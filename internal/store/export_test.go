package store

import "time"

// SetIdleLimit shortens how long a transaction may idle.
func (s *Store) SetIdleLimit(d time.Duration) { s.begin = begin(d) }
