package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// Pause pauses the job: it keeps its next run time and begins nothing. A job that is paused already stays as it is.
// ErrFinished, ErrBlocked.
func (l Look) Pause(by job.Author) (Change, error) {
	after := l
	switch l.State {
	case job.StateFinished:
		return Change{}, job.ErrFinished
	case job.StateBlocked:
		return Change{}, fmt.Errorf("%w: %s", job.ErrBlocked, l.Error)
	case job.StateActive:
		after.State, after.DueAt = job.StatePaused, time.Time{}
		after.PausedAt, after.PausedBy, after.PausedReason = l.Now, by.Name(), by.Reason
	}
	return changed(job.ActionPaused, &l, &after, nil, nil), nil
}

// Resume makes the job active again. The fire times that were due while it was paused are dropped as one record; with
// runMissed one run, which is told of them all, is to wait for them. A job that is not paused stays as it is.
func (l Look) Resume(runMissed bool) Change {
	if l.State != job.StatePaused {
		return changed(job.ActionResumed, &l, &l, nil, nil)
	}
	why := fmt.Sprintf("due while the job was paused, from %s by %s: %s", say.Time(l.PausedAt), l.PausedBy,
		l.PausedReason)
	after := l
	after.State, after.PausedAt, after.PausedBy, after.PausedReason = job.StateActive, time.Time{}, "", ""
	missed, run := after.miss(l.Now, runMissed, why)
	if after.Trigger != nil && len(missed) == 0 && after.NextRunTime.IsZero() {
		follow(&after.Job, after.LastRunTime, l.Now)
	}
	after.lookSoon()
	return changed(job.ActionResumed, &l, &after, missed, run)
}

// miss drops the fire times up to and including until, which come back as one record; with runMissed one run, which is
// told of them all, is to wait where there is room for it. The job goes on with the fire time after until.
func (l *Look) miss(until time.Time, runMissed bool, why string) (missed []job.Record, run []job.WaitingRun) {
	missed = dropped(&l.Job, job.ReasonPaused, until, why)
	for i, r := range missed {
		l.LastRunTime = r.LastRunTime
		switch {
		case runMissed && !l.hasRoom():
			missed[i].Sentence += fmt.Sprintf("; no run was added for them, as %d waited already (max_waiting)",
				l.MaxWaiting)
		case runMissed:
			w := l.ManualRun(l.Now)
			w.StandsFor = job.StandsFor{FireCount: r.FireCount, FirstRunTime: r.FirstRunTime,
				LastRunTime: r.LastRunTime}
			run = append(run, w)
		}
	}
	l.WaitingCount += len(run)
	if l.Trigger != nil && len(missed) > 0 { // without one the next look blocks the job, and says why
		follow(&l.Job, l.LastRunTime, l.Now)
	}
	return missed, run
}
