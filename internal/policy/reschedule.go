package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
	"github.com/pgdue/pgdue/internal/trigger"
)

// SkipNext takes the job's next fire away, which is recorded as skipped ahead, whether its time has come or lies ahead.
// Of several that are due it is the earliest; the others stay due. A paused job stays paused. A job without a further
// fire is finished. ErrFinished, ErrBlocked, ErrNoNextFire.
func (l Look) SkipNext(by job.Author) (Change, error) {
	switch {
	case l.State == job.StateFinished:
		return Change{}, job.ErrFinished
	case l.State == job.StateBlocked:
		return Change{}, fmt.Errorf("%w: %s", job.ErrBlocked, l.Error)
	case l.Trigger == nil || l.NextRunTime.IsZero():
		return Change{}, job.ErrNoNextFire
	}
	r := l.SkipRecord(job.ReasonRescheduled, l.NextRunTime, l.NextRunTime)
	r.Sentence = say.Because("was skipped ahead by "+by.Name(), by.Reason)
	after := l
	after.LastRunTime = l.NextRunTime
	follow(&after.Job, after.LastRunTime, l.Now)
	after.Moved = after.LastRunTime.After(l.Now)
	switch {
	// without a further fire too: it is finished when it is resumed, and what waits does not begin before
	case l.State == job.StatePaused:
		after.State, after.DueAt = job.StatePaused, time.Time{}
	case l.busy():
		after.DueAt = l.Now
	}
	return changed(job.ActionNextSkipped, &l, &after, []job.Record{r}, nil), nil
}

// MoveNext moves the job's next fire to the time at; the trigger's own fire times follow after it. Those from the
// present next run time up to at are dropped as one record. A paused job stays paused; a finished one is active for
// that one fire. *InvalidError: at lies in the past, or before fire times that are decided. ErrBlocked.
func (l Look) MoveNext(at time.Time, by job.Author) (Change, error) {
	after := l
	switch {
	case l.State == job.StateBlocked:
		return Change{}, fmt.Errorf("%w: %s", job.ErrBlocked, l.Error)
	case l.Trigger == nil:
		return Change{}, job.ErrNoNextFire
	case at.Equal(l.NextRunTime):
		return changed(job.ActionRescheduled, &l, &after, nil, nil), nil
	}
	if err := l.mayMoveTo(at); err != nil {
		return Change{}, err
	}
	passed := l.passedOver(at)
	for i := range passed {
		passed[i].Sentence = say.Because(fmt.Sprintf("%s passed over: the next run was moved to %s by %s",
			say.Count(passed[i].FireCount, "fire time was", "fire times were"), say.Time(at), by.Name()), by.Reason)
		after.LastRunTime = passed[i].LastRunTime
	}
	if l.State == job.StateFinished {
		after.State = job.StateActive
	}
	after.NextRunTime, after.Moved, after.ZoneRules = at, true, 0
	if after.State == job.StateActive {
		if after.DueAt = fireAt(l.Trigger, at); l.busy() {
			after.DueAt = l.Now
		}
	}
	return changed(job.ActionRescheduled, &l, &after, passed, nil), nil
}

// lastMoment is the last one that the tables take.
var lastMoment = time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC)

func (l *Look) mayMoveTo(at time.Time) error {
	switch {
	case !at.After(l.Now):
		return job.Invalid("next_run_time", "%s is over, it is now %s; `scheduler run-now %s` runs the job now",
			say.Time(at), say.Time(l.Now), l.ID)
	case at.After(lastMoment):
		return job.Invalid("next_run_time", "%s is later than any trigger fires, %s", say.Time(at),
			say.Time(lastMoment))
	case !at.After(l.LastRunTime):
		return job.Invalid("next_run_time",
			"the fire times up to %s were skipped or passed over already; choose a later time, "+
				"or give the job its trigger anew, which begins afresh (`scheduler reschedule %s --every 1h`, for one)",
			say.Time(l.LastRunTime), l.ID)
	}
	return nil
}

// passedOver is the record of the fire times from the present next run time up to before at. A next run time that was
// moved and lies ahead is none of the trigger's: moved again, it was never a fire time.
func (l *Look) passedOver(at time.Time) []job.Record {
	first := l.NextRunTime
	if first.After(l.Now) && !fires(l.Trigger, first) {
		first, _ = l.Trigger.Next(first)
	}
	if first.IsZero() || !first.Before(at) {
		return nil
	}
	return []job.Record{l.SkipRecord(job.ReasonRescheduled, first, at.Add(-time.Microsecond))}
}

// fires says whether the trigger fires at that time by itself.
func fires(t *trigger.Trigger, at time.Time) bool {
	own, _ := t.Next(at.Add(-time.Microsecond))
	return own.Equal(at)
}

// Reschedule gives the job the trigger t, from now on, also where it is equal to the present one: it begins afresh.
// Fire times that were due are dropped. As with Redefine, a pause ends.
func (l Look) Reschedule(t *trigger.Trigger) (Change, error) {
	after := l
	if err := arm(&after.Job, t, l.Now); err != nil {
		return Change{}, err
	}
	after.DueAt = l.Now // a look finds what waits, or is between attempts, and sets the due time
	return changed(job.ActionRescheduled, &l, &after,
		dropped(&l.Job, job.ReasonRescheduled, l.Now, "due when the trigger was changed, and not begun"), nil), nil
}
