package policy

import (
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// nextFire is the fire time that follows another one, and when a claim must look for it. Both are zero when there is
// none. A trigger that knows of none yet, but may know of one later, has only the time at which it is to be asked
// again.
type nextFire struct{ at, dueAt time.Time }

func (n nextFire) none() bool { return n.dueAt.IsZero() }

// fireAfter finds the fire time after the given time.
func fireAfter(t *trigger.Trigger, after time.Time) nextFire {
	at, again := t.Next(after)
	if at.IsZero() {
		return nextFire{dueAt: again}
	}
	return nextFire{at, fireAt(t, at)}
}

// fireAt draws when the fire time at is to begin: at itself, or later by the trigger's jitter. The draw lasts as due
// time.
func fireAt(t *trigger.Trigger, at time.Time) time.Time { return at.Add(t.Delay(at)) }

// follow gives j, which is written outside of a claim, the fire time after the given time. Without one j is finished.
func follow(j *job.Job, after, now time.Time) {
	next := fireAfter(j.Trigger, after)
	j.State, j.NextRunTime, j.DueAt, j.Error = job.StateActive, next.at, next.dueAt, ""
	j.Moved, j.ZoneRules = false, j.Trigger.Rules()
	if next.none() {
		j.State, j.DueAt = job.StateFinished, now.Add(removeAfter)
	}
}
