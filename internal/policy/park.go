package policy

import (
	"slices"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// relookPaused is how long a job is left alone that a pause keeps from beginning something, should nobody make it due.
// It is what a paused job costs: one look each time.
const relookPaused = 10 * time.Minute

// park leaves a job as it is while a pause holds it: no fire, no waiting run and no next attempt begins, and fire times
// that are due are not decided. The first look after the pause decides them.
func (p *planner) park() {
	if p.look.State == job.StateActive {
		p.parkFire()
	}
	retrying := slices.ContainsFunc(p.look.Live, func(i job.Instance) bool { return i.State == job.InstanceRetrying })
	if p.d.State == job.StateFinished && p.count == 0 && !retrying { // there is nothing to hold
		p.lookAgain()
		return
	}
	p.d.DueAt = p.look.Now.Add(relookPaused)
	if p.dueAt.After(p.look.Now) && p.dueAt.Before(p.d.DueAt) {
		p.d.DueAt = p.dueAt
	}
}

// parkFire finds when a fire time is due that is not due yet, as fire does: a look that parks the job for other reasons
// must not overlook it once the pause has ended.
func (p *planner) parkFire() {
	switch {
	case p.look.NextRunTime.IsZero():
		p.advance(p.look.DueAt)
	case p.look.DueAt.After(p.look.Now):
		p.dueAt = p.look.DueAt
	case p.look.NextRunTime.After(p.look.Now):
		p.dueAt = fireAt(p.look.Trigger, p.look.NextRunTime)
	}
}

// endPauses drops what fell due in pauses that are over, before all else is decided.
func (p *planner) endPauses() {
	if len(p.look.Pauses) == 0 || p.look.State != job.StateActive {
		return
	}
	c := p.look.afterPauses()
	if len(c.Dropped) == 0 {
		return
	}
	j := *c.After
	p.d.State, p.d.NextRunTime, p.d.LastRunTime = j.State, j.NextRunTime, j.LastRunTime
	p.d.Moved, p.d.ZoneRules = j.Moved, j.ZoneRules
	p.d.Skip, p.d.Wait = c.Dropped, c.Wait
	p.count += len(c.Wait)
	j.State = p.look.State // as it was found: only who is found finished is removed
	p.look.Job, p.dueAt = j, j.DueAt
}
