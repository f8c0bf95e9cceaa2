package servertest

import (
	"context"
	"slices"

	"github.com/pgdue/pgdue/internal/scheduler"
)

// AddAlert records an alert; the newest is added last.
func (s *Store) AddAlert(a scheduler.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.Number = int64(len(s.alerts) + 1)
	s.alerts = slices.Insert(s.alerts, 0, a)
}

// Alerts lists alerts.
func (s *Store) Alerts(_ context.Context, f scheduler.AlertFilter) (list []scheduler.Alert, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alerts {
		if a.JobID == f.JobID && (f.Before == 0 || a.Number < f.Before) {
			list = append(list, a)
		}
	}
	return list[:min(f.Limit, len(list))], nil
}
