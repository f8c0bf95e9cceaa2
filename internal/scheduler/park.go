package scheduler

import (
	"slices"
	"time"
)

// relookPaused is how long a job is left alone that a pause keeps from beginning something, should nobody wake it. It is
// what a paused job costs: one look each time.
const relookPaused = 10 * time.Minute

// park leaves a job as it is while a pause holds it: no fire, no waiting run and no next attempt begins, and fire times that
// are due are not decided. The first look after the pause decides them.
func (p *planner) park() {
	if p.j.State == StateActive {
		p.parkFire()
	}
	retrying := slices.ContainsFunc(p.live, func(i Instance) bool { return i.State == InstanceRetrying })
	if p.d.State == StateFinished && p.count == 0 && !retrying { // there is nothing to hold
		p.lookAgain()
		return
	}
	p.d.DueAt = p.now.Add(relookPaused)
	if p.dueAt.After(p.now) && p.dueAt.Before(p.d.DueAt) {
		p.d.DueAt = p.dueAt
	}
}

// parkFire finds when a fire time is due that is not due yet, as fire does: a look that parks the job for other reasons
// must not overlook it once the pause has ended.
func (p *planner) parkFire() {
	switch {
	case p.j.NextRunTime.IsZero():
		p.advance(p.j.DueAt)
	case p.j.DueAt.After(p.now):
		p.dueAt = p.j.DueAt
	case p.j.NextRunTime.After(p.now):
		p.dueAt = p.j.fireAt(p.j.NextRunTime)
	}
}

// endPauses drops what fell due in pauses that are over, before all else is decided.
func (p *planner) endPauses() {
	if len(p.j.Pauses) == 0 || p.j.State != StateActive {
		return
	}
	j, missed, run := p.j.afterPauses(p.now)
	if len(missed) == 0 {
		return
	}
	p.d.State, p.d.NextRunTime, p.d.LastRunTime = j.State, j.NextRunTime, j.LastRunTime
	p.d.Skip, p.d.Wait = missed, run
	p.count += len(run)
	j.State = p.j.State // as it was found: only who is found finished is removed
	p.j, p.dueAt = j, j.DueAt
}
