package scheduler

import (
	"fmt"
	"time"
)

// Pause is j paused at now: it keeps its next run time and begins nothing. A job that is paused already stays as it is.
// ErrFinished, ErrBlocked.
func (j Job) Pause(now time.Time, by, reason string) (Job, error) {
	switch j.State {
	case StateFinished:
		return j, ErrFinished
	case StateBlocked:
		return j, fmt.Errorf("%w: %s", ErrBlocked, j.Error)
	case StateActive:
		j.State, j.DueAt = StatePaused, time.Time{}
		j.PausedAt, j.PausedBy, j.PausedReason = now, by, reason
	}
	return j, nil
}

// Resume is j active again at now. The fire times that were due while it was paused come back as one record; with
// runMissed one run, which is told of them all, is to wait for them. A job that is not paused stays as it is.
func (j Job) Resume(now time.Time, runMissed bool) (resumed Job, missed []Record, run []WaitingRun) {
	if j.State != StatePaused {
		return j, nil, nil
	}
	why := fmt.Sprintf("due while the job was paused, from %s by %s: %s", stamp(j.PausedAt), j.PausedBy, j.PausedReason)
	j.State, j.PausedAt, j.PausedBy, j.PausedReason = StateActive, time.Time{}, "", ""
	j, missed, run = j.miss(now, now, runMissed, why)
	if j.Trigger != nil && len(missed) == 0 && j.NextRunTime.IsZero() {
		j.nextFire(j.LastRunTime, now)
	}
	j.lookSoon(now)
	return j, missed, run
}

// miss drops the fire times of j up to and including until, which come back as one record; with runMissed one run, which
// is told of them all, is to wait. j goes on with the fire time after until.
func (j Job) miss(until, now time.Time, runMissed bool, why string) (after Job, missed []Record, run []WaitingRun) {
	missed = j.Dropped(ReasonPaused, until, why)
	for _, r := range missed {
		j.LastRunTime = r.LastRunTime
		if runMissed {
			w := j.ManualRun(now)
			w.StandsFor = StandsFor{FireCount: r.FireCount, FirstRunTime: r.FirstRunTime, LastRunTime: r.LastRunTime}
			run = append(run, w)
		}
	}
	j.WaitingCount += len(run)
	if j.Trigger != nil && len(missed) > 0 { // without one the next look blocks the job, and says why
		j.nextFire(j.LastRunTime, now)
	}
	return j, missed, run
}
