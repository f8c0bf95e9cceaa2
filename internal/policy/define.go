package policy

import (
	"fmt"
	"maps"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
	"github.com/pgdue/pgdue/internal/trigger"
)

// NewJob is the job that definition d makes at now. lastRunTime is that of an earlier job of the same id, or zero. An
// *InvalidError says that its trigger can never fire.
func NewJob(d job.Definition, now time.Time, revision int64, lastRunTime time.Time) (job.Job, error) {
	j := job.Job{
		Definition: d, CreatedAt: now, UpdatedAt: now, Revision: revision, CreatedRevision: revision,
		LastRunTime: lastRunTime,
	}
	return j, arm(&j, d.Trigger, now)
}

// arm anchors the trigger at now and sets the first fire time after any that this id has had.
func arm(j *job.Job, t *trigger.Trigger, now time.Time) error {
	j.Anchor = now
	if at, isDate := t.Date(); isDate && inSecondOf(at, now) {
		j.Anchor = at
	}
	j.Trigger = t.Anchored(j.Anchor)
	if err := j.Trigger.Never(); err != nil {
		return job.InvalidTrigger(err)
	}
	j.PausedAt, j.PausedBy, j.PausedReason = time.Time{}, "", ""
	if j.LastRunTime.After(now) { // skipped ahead, of the trigger before; or the clock was set back
		j.LastRunTime = time.Time{}
	}
	follow(j, j.LastRunTime, now)
	if j.State == job.StateFinished { // its only fire time is the moment of one that this id has had
		follow(j, time.Time{}, now)
	}
	return nil
}

// inSecondOf says that at is over, but in the second of now: people write whole seconds, so that is not past to them.
func inSecondOf(at, now time.Time) bool {
	return at.Before(now) && !at.Before(now.Truncate(time.Second))
}

// Add makes a job, in the place of a finished one where there is one; present is nil where there is none. ErrExists:
// the id is taken by a job that is not finished. *InvalidError: its trigger can never fire, or a secret in it is
// masked.
func Add(present *Look, d job.Definition, now time.Time, revision int64) (Change, error) {
	var lastRunTime time.Time
	if present != nil {
		if present.State != job.StateFinished {
			return Change{}, job.ErrExists
		}
		lastRunTime = present.LastRunTime
	}
	d, err := d.Unmasked(nil)
	if err != nil {
		return Change{}, err
	}
	j, err := NewJob(d, now, revision, lastRunTime)
	if err != nil {
		return Change{}, err
	}
	if present != nil {
		j.DueAt = now // a look finds what the earlier job left waiting, or between attempts, and sets the due time
	}
	return Change{Action: job.ActionAdded, After: &j}, nil
}

// Put makes a job, or redefines the one that is there.
func Put(present *Look, d job.Definition, now time.Time, revision int64) (Change, error) {
	if present == nil {
		return Add(nil, d, now, revision)
	}
	return present.Redefine(d)
}

// Redefine gives the job the definition d. An equal definition changes nothing. Anchor, next run time and pause are
// kept unless the trigger changes; then fire times that were due are dropped. A blocked job is active again. Secrets
// that d has masked stay as they are; an *InvalidError says that they cannot.
func (l Look) Redefine(d job.Definition) (Change, error) {
	d, err := d.Unmasked(&l.Definition)
	if err != nil {
		return Change{}, err
	}
	if l.Trigger == nil || !job.SameStored(l.Trigger, d.Trigger) {
		return l.redefineAnew(d)
	}
	after := l
	if l.State != job.StateBlocked && l.Definition.Equal(&d) {
		if c := l.Rezone(); !c.Nothing() {
			return c, nil
		}
		return changed(job.ActionChanged, &l, &after, nil, nil), nil
	}
	var dropped []job.Record
	d.Trigger = l.Trigger // anchored
	after.Definition = d
	if !maps.Equal(l.Labels, d.Labels) {
		after, dropped = after.relabelled(&l)
	}
	if l.State == job.StateBlocked {
		after.unblock()
	}
	after.lookAtLimits(&l)
	return changed(job.ActionChanged, &l, &after, dropped, nil), nil
}

// redefineAnew is Redefine where the trigger changes too.
func (l Look) redefineAnew(d job.Definition) (Change, error) {
	c, err := l.Reschedule(d.Trigger)
	if err != nil {
		return Change{}, err
	}
	d.Trigger = c.After.Trigger // anchored
	c.After.Definition = d
	return c, nil
}

// lookAtLimits makes the job due now where a look begins what the changed limits allow, and gives up what they do not.
func (l *Look) lookAtLimits(before *Look) {
	if before.State != job.StateBlocked && before.State != job.StatePaused && l.busy() {
		l.DueAt = l.Now
	}
}

// unblock makes a blocked job due at once: the next look decides the fire times it missed.
func (l *Look) unblock() {
	l.State, l.Error = job.StateActive, ""
	if l.NextRunTime.IsZero() {
		follow(&l.Job, l.LastRunTime, l.Now)
	}
	l.lookSoon()
}

// lookSoon makes the job due now, where a look finds what waits or is between attempts and sets the due time. A
// finished job with neither is left alone: a look would remove it.
func (l *Look) lookSoon() {
	if l.State == job.StateActive || l.busy() {
		l.DueAt = l.Now
	}
}

// Remove removes the job. Its running instances go on; fire times that are due, and runs between two attempts, do not.
func (l Look) Remove() Change {
	c := Change{Action: job.ActionRemoved, Before: &l.Job,
		Dropped: dropped(&l.Job, job.ReasonRemoved, l.Now, "due when the job was removed, and not begun")}
	for _, i := range l.Live {
		if i.State == job.InstanceRetrying {
			c.GiveUp = append(c.GiveUp, GivenUp{i.Run, l.Now, "was between two attempts when the job was removed"})
		}
	}
	return c
}

// RunNow lets one run wait, with the payload, and leaves the job as it is. ErrBlocked, ErrPaused, ErrNoRoom.
func (l Look) RunNow(payload string) (Change, error) {
	if l.State == job.StateBlocked {
		return Change{}, fmt.Errorf("%w: %s", job.ErrBlocked, l.Error)
	}
	if err := l.PausedError(); err != nil {
		return Change{}, err
	}
	if !l.hasRoom() {
		return Change{}, fmt.Errorf("%w, %d: ask again when one has begun, cancel some of those that "+
			"`scheduler runs %s` lists, or raise max_waiting (`scheduler modify %s --max-waiting %d`)",
			job.ErrNoRoom, l.MaxWaiting, l.ID, l.ID, 2*l.MaxWaiting)
	}
	run := l.ManualRun(l.Now)
	run.Payload = payload
	return changed(job.ActionRunAsked, &l, &l, nil, []job.WaitingRun{run}), nil
}

// dropped is the record of the fire times up to and including until that will not be begun, none when there are none.
func dropped(j *job.Job, reason job.Reason, until time.Time, why string) []job.Record {
	if j.NextRunTime.IsZero() || j.NextRunTime.After(until) {
		return nil
	}
	r := j.SkipRecord(reason, j.NextRunTime, until)
	r.Sentence = fmt.Sprintf("%s %s", say.Count(r.FireCount, "fire time was", "fire times were"), why)
	return []job.Record{r}
}
