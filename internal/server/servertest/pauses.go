package servertest

import (
	"cmp"
	"context"
	"slices"

	"github.com/pgdue/pgdue/internal/scheduler"
)

// PauseMany pauses a label or everything.
func (s *Store) PauseMany(ctx context.Context, scope scheduler.Scope, reason string) (p scheduler.Paused, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.jobs {
		if !scope.Everything() && scope.Covers(&o.Job) {
			p.Jobs++
		}
	}
	if i := s.pauseOf(scope); i >= 0 {
		p.Pause, p.Already = s.pauses[i], true
		return p, nil
	}
	if !scope.Everything() && p.Jobs == 0 {
		return p, scheduler.ErrNotFound
	}
	p.Pause = scheduler.Pause{Scope: scope, PausedAt: Now, PausedBy: scheduler.ActorOf(ctx), Reason: reason}
	s.pauses = append(s.pauses, p.Pause)
	slices.SortFunc(s.pauses, func(a, b scheduler.Pause) int { return cmp.Compare(a.Label(), b.Label()) })
	return p, nil
}

// ResumeMany ends the pause of a label or of everything.
func (s *Store) ResumeMany(_ context.Context, scope scheduler.Scope, _ bool) (r scheduler.Resumed, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Scope = scope
	if i := s.pauseOf(scope); i >= 0 {
		r.Pause, r.Was = s.pauses[i], true
		s.pauses = slices.Delete(s.pauses, i, i+1)
	}
	return r, nil
}

func (s *Store) pauseOf(scope scheduler.Scope) int {
	return slices.IndexFunc(s.pauses, func(p scheduler.Pause) bool { return p.Scope == scope })
}

// Pauses lists what is paused.
func (s *Store) Pauses(_ context.Context, limit int) ([]scheduler.Pause, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.pauses)
	var jobs []scheduler.Pause
	for _, o := range s.jobs {
		if o.State == scheduler.StatePaused {
			jobs = append(jobs, scheduler.Pause{Scope: scheduler.Scope{JobID: o.ID}, PausedAt: o.PausedAt, PausedBy: o.PausedBy, Reason: o.PausedReason})
		}
	}
	slices.SortFunc(jobs, func(a, b scheduler.Pause) int { return cmp.Compare(a.JobID, b.JobID) })
	return append(list, jobs[:min(limit, len(jobs))]...), nil
}

// covered is a job as readers see it: paused with the first pause that covers it.
func covered(o scheduler.Overview) scheduler.Overview {
	if o.State == scheduler.StateActive && len(o.Pauses) > 0 {
		p := o.Pauses[0]
		o.State, o.PausedAt, o.PausedBy, o.PausedReason = scheduler.StatePaused, p.PausedAt, p.PausedBy, p.Reason
		o.PausedWith, o.Problem = p.Scope.String(), "paused with "+p.String()
	}
	return o
}
