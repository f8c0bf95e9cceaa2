package scheduler

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/trigger"
)

// SkipNext is j without its next fire, which is recorded at now as skipped ahead, whether its time has come or lies ahead.
// Of several that are due it is the earliest; the others stay due. A paused job stays paused. A job without a further fire
// is finished. ErrFinished, ErrBlocked, ErrNoNextFire.
func (j Job) SkipNext(now time.Time, by, reason string) (Job, []Record, error) {
	switch {
	case j.State == StateFinished:
		return j, nil, ErrFinished
	case j.State == StateBlocked:
		return j, nil, fmt.Errorf("%w: %s", ErrBlocked, j.Error)
	case j.Trigger == nil || j.NextRunTime.IsZero():
		return j, nil, ErrNoNextFire
	}
	r := j.SkipRecord(ReasonRescheduled, j.NextRunTime, j.NextRunTime)
	r.Sentence = because("was skipped ahead by "+by, reason)
	j.LastRunTime = j.NextRunTime
	j.follow(now)
	return j, []Record{r}, nil
}

// MoveNext is j with its next fire moved to the time at; the trigger's own fire times follow after it. Those from the
// present next run time up to at come back as one record. A paused job stays paused; a finished one is active for that
// one fire. *InvalidError: at lies in the past, or before fire times that are decided. ErrBlocked.
func (j Job) MoveNext(now, at time.Time, by, reason string) (Job, []Record, error) {
	switch {
	case j.State == StateBlocked:
		return j, nil, fmt.Errorf("%w: %s", ErrBlocked, j.Error)
	case j.Trigger == nil:
		return j, nil, ErrNoNextFire
	case at.Equal(j.NextRunTime):
		return j, nil, nil
	}
	if err := j.mayMoveTo(now, at); err != nil {
		return j, nil, err
	}
	passed := j.passedOver(now, at)
	for i := range passed {
		passed[i].Sentence = because(fmt.Sprintf("%s passed over: the next run was moved to %s by %s",
			plural(passed[i].FireCount, "fire time was", "fire times were"), stamp(at), by), reason)
		j.LastRunTime = passed[i].LastRunTime
	}
	if j.State == StateFinished {
		j.State = StateActive
	}
	j.NextRunTime = at
	if j.State == StateActive {
		if j.DueAt = j.fireAt(at); j.busy() {
			j.DueAt = now
		}
	}
	return j, passed, nil
}

// lastMoment is the last one that the tables take.
var lastMoment = time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC)

func (j *Job) mayMoveTo(now, at time.Time) error {
	switch {
	case !at.After(now):
		return Invalid("next_run_time", "%s is over, it is now %s; `scheduler run-now %s` runs the job now", stamp(at), stamp(now), j.ID)
	case at.After(lastMoment):
		return Invalid("next_run_time", "%s is later than any trigger fires, %s", stamp(at), stamp(lastMoment))
	case !at.After(j.LastRunTime):
		return Invalid("next_run_time", "the fire times up to %s were skipped or passed over already; choose a later time, "+
			"or give the job its trigger anew, which begins afresh (`scheduler reschedule %s --every 1h`, for one)", stamp(j.LastRunTime), j.ID)
	}
	return nil
}

// passedOver is the record of the fire times from the present next run time up to before at. A next run time that was moved
// and lies ahead is none of the trigger's: moved again, it was never a fire time.
func (j *Job) passedOver(now, at time.Time) []Record {
	first := j.NextRunTime
	if first.After(now) && !j.fires(first) {
		first, _ = j.Trigger.Next(first)
	}
	if first.IsZero() || !first.Before(at) {
		return nil
	}
	return []Record{j.SkipRecord(ReasonRescheduled, first, at.Add(-time.Microsecond))}
}

// fires says whether the trigger fires at that time by itself.
func (j *Job) fires(at time.Time) bool {
	own, _ := j.Trigger.Next(at.Add(-time.Microsecond))
	return own.Equal(at)
}

// Reschedule gives j the trigger t at now, from when it counts, also where it is equal to the present one: it begins
// afresh. Fire times that were due and are dropped come back as a record. As with Redefine, a pause ends.
func (j Job) Reschedule(t *trigger.Trigger, now time.Time) (changed Job, dropped []Record, err error) {
	dropped = j.Dropped(ReasonRescheduled, now, "due when the trigger was changed, and not begun")
	changed = j
	err = changed.arm(t, now)
	changed.DueAt = now // a look finds what waits, or is between attempts, and sets the due time
	return changed, dropped, err
}

// follow finds the fire that follows LastRunTime, and leaves a paused job paused.
func (j *Job) follow(now time.Time) {
	paused := j.State == StatePaused
	j.nextFire(j.LastRunTime, now)
	switch {
	case paused: // without a further fire too: it is finished when it is resumed, and what waits does not begin before
		j.State, j.DueAt = StatePaused, time.Time{}
	case j.busy():
		j.DueAt = now
	}
}

// busy says whether runs wait or run, of which a look decides whether they begin or are tried again.
func (j *Job) busy() bool { return j.WaitingCount > 0 || j.Live > 0 }

// because is what was done, and why where that was said.
func because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}
