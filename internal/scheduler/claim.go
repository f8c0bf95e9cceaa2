package scheduler

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// claims ticks until ctx ends or the lease is lost, which it returns.
func (s *Scheduler) claims(ctx context.Context) error {
	for ctx.Err() == nil {
		next, err := s.Tick(ctx)
		if errors.Is(err, job.ErrLeaseLost) {
			s.lease.close(job.ErrLeaseLost)
			s.story.judgedDead()
			return job.ErrLeaseLost
		}
		if ctx.Err() != nil {
			return nil
		}
		s.note(err)
		if err != nil {
			next = time.Now().Add(afterTrouble)
		}
		s.skips.sumUp(time.Now())
		s.pauses.look(ctx, next)
		s.await(ctx, next)
	}
	return nil
}

// note keeps for Ready whether the latest look succeeded, and logs a failure.
func (s *Scheduler) note(err error) {
	s.mu.Lock()
	s.claiming, s.looked = err == nil, time.Now()
	s.mu.Unlock()
	if err != nil {
		s.Metrics.ClaimFailed()
		s.story.lookFailed(err)
	}
}

// await sleeps until next, at most Poll, or until somebody wakes the loop.
func (s *Scheduler) await(ctx context.Context, next time.Time) {
	wait := min(time.Until(next), s.Poll)
	if wait <= 0 {
		return
	}
	s.wake.wait(ctx, wait)
}

// Tick claims what is due, as far as slots are free, begins its work, and says when to look again. It may be called from
// several goroutines. ErrLeaseLost: this node may never claim again.
func (s *Scheduler) Tick(ctx context.Context) (next time.Time, err error) {
	if err := s.resolve(ctx); err != nil {
		return time.Time{}, err
	}
	if !s.lease.trusted() {
		return time.Now().Add(job.BeatEvery), nil
	}
	want := s.slots.take(s.Batch)
	if len(want) == 0 {
		return time.Now().Add(s.Poll), nil // an ending run wakes the loop
	}
	claim, err := s.Store.Claim(ctx, policy.ClaimRequest{Node: s.node.ID, Want: want}, s.decide)
	switch {
	case errors.Is(err, job.ErrRejected) && len(claim.Decided) > 0:
		s.settle(want, policy.Claim{})
		return s.oneByOne(ctx, claim)
	case errors.Is(err, job.ErrCommitUnknown):
		s.settle(want, claim)
		s.doubt(claim)
		return time.Time{}, err
	case err != nil:
		s.settle(want, policy.Claim{})
		return time.Time{}, fmt.Errorf("claim due jobs: %w", err)
	}
	s.settle(want, claim)
	s.begin(ctx, claim)
	return s.nextLook(ctx, want, claim)
}

// settle gives back the slots that the claim did not use.
func (s *Scheduler) settle(want map[string]int, c policy.Claim) {
	used := map[string]int{}
	for _, d := range c.Decided {
		used[d.Queue] += len(d.Decision.Begin)
	}
	for q, n := range want {
		s.slots.give(q, n-used[q])
	}
}

// nextLook says when to look again: at once where the claim was cut off by its limit, else at the earliest due time.
func (s *Scheduler) nextLook(ctx context.Context, want map[string]int, c policy.Claim) (time.Time, error) {
	looked := map[string]int{}
	for _, d := range c.Decided {
		if looked[d.Queue]++; looked[d.Queue] == want[d.Queue] {
			return time.Now(), nil
		}
	}
	in, some, err := s.Store.NextDue(ctx, s.slots.available())
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("read the next due time: %w", err)
	case !some:
		return time.Now().Add(s.Poll), nil
	case in <= 0 && len(c.Decided) == 0:
		return time.Now().Add(lockedRelook), nil
	}
	return time.Now().Add(in), nil
}

// decide is Plan, with a job that cannot be read or decided blocked rather than in everybody's way.
func (s *Scheduler) decide(l policy.Look) (d policy.Decision) {
	defer func() {
		if p := recover(); p != nil {
			s.story.decidingPanicked(l.Job.ID, p, debug.Stack())
			d = blocked(l.Job, fmt.Sprintf("deciding this job panicked: %v", p))
		}
	}()
	if l.Err != nil {
		return blocked(l.Job, l.Err.Error())
	}
	d = policy.Plan(l)
	for i := range d.Skip {
		d.Skip[i].Node = s.node.Name
	}
	return d
}

func blocked(j job.Job, reason string) policy.Decision {
	return policy.Decision{State: job.StateBlocked, NextRunTime: j.NextRunTime, LastRunTime: j.LastRunTime, Error: reason}
}

// begin starts what a committed claim began, cancels what it replaces, and logs what it skipped.
func (s *Scheduler) begin(ctx context.Context, c policy.Claim) {
	if len(c.Decided) > 0 {
		s.Metrics.Claimed(c)
	}
	s.cancels.replace(ctx, c)
	for _, d := range c.Decided {
		if d.Decision.State == job.StateBlocked {
			s.story.blocked(d.Job.ID, d.Decision.Error)
		}
		for _, r := range d.Decision.Skip {
			s.skips.skipped(d, r)
		}
		for _, r := range d.Decision.Begin {
			s.attempts.start(d, r)
		}
	}
}

// oneByOne looks at the jobs of a batch that the database refused each alone, and blocks those that it refuses again: one
// bad row must not hold up the others. A job that cannot even be blocked stays due; then the next look is not at once.
func (s *Scheduler) oneByOne(ctx context.Context, refused policy.Claim) (next time.Time, err error) {
	var wait time.Duration
	for _, d := range refused.Decided {
		want := map[string]int{d.Queue: 1}
		claim, err := s.Store.Claim(ctx, policy.ClaimRequest{Node: s.node.ID, Want: want, Only: []string{d.Job.ID}}, s.decide)
		switch {
		case errors.Is(err, job.ErrRejected):
			blocked, err := s.block(ctx, d.Job.ID, err)
			if err != nil {
				return time.Time{}, err
			}
			if !blocked {
				wait = afterTrouble
			}
		case errors.Is(err, job.ErrCommitUnknown):
			s.slots.spend(claim)
			s.doubt(claim)
			return time.Time{}, err
		case err != nil:
			return time.Time{}, fmt.Errorf("claim job %s alone: %w", d.Job.ID, err)
		default:
			s.slots.spend(claim)
			s.begin(ctx, claim)
		}
	}
	return time.Now().Add(wait), nil
}

// block makes a job blocked. false: the database refused that too.
func (s *Scheduler) block(ctx context.Context, jobID string, reason error) (bool, error) {
	err := s.Store.Block(ctx, jobID, reason.Error())
	switch {
	case errors.Is(err, job.ErrRejected):
		s.story.notEvenBlocked(jobID, err)
		return false, nil
	case err != nil:
		return false, fmt.Errorf("block job %s: %w", jobID, err)
	}
	s.Metrics.Blocked()
	s.story.blocked(jobID, reason.Error())
	return true, nil
}

// doubt keeps a claim whose commit is unknown, with the slots of its runs.
func (s *Scheduler) doubt(c policy.Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unresolved = append(s.unresolved, c)
}

// resolve finds out about claims whose commit is unknown, before anything else is claimed.
func (s *Scheduler) resolve(ctx context.Context) error {
	s.resolving.Lock()
	defer s.resolving.Unlock()
	for {
		c, some := s.doubtful()
		if !some {
			return nil
		}
		committed, err := s.Store.Resolve(ctx, c)
		if err != nil {
			return fmt.Errorf("find out about a claim whose commit is unknown: %w", err)
		}
		s.resolved()
		s.story.doubtResolved(c, committed)
		if committed {
			s.begin(ctx, c)
		} else {
			s.slots.refund(c)
		}
	}
}

// doubtful returns the claim that has been in doubt for the longest.
func (s *Scheduler) doubtful() (c policy.Claim, some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unresolved) == 0 {
		return policy.Claim{}, false
	}
	return s.unresolved[0], true
}

// resolved forgets the claim that doubtful returned. The caller holds resolving.
func (s *Scheduler) resolved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unresolved = s.unresolved[1:]
}
