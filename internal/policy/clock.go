package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// clockSlack is by how much a next run may lie too far ahead before that is told: clocks are corrected by less all the
// time.
const clockSlack = 2 * time.Second

// Ahead says whether the job's next run lies further ahead than its trigger allows from now, and when it should be.
// Whoever decides a fire sets the next run to the first fire time after it, so nothing lies between now and the next
// run, unless somebody moved it or the database's clock was set back since.
func (l *Look) Ahead() (due time.Time, ahead bool) {
	if l.State != job.StateActive && l.State != job.StatePaused || l.Trigger == nil || l.Moved ||
		l.NextRunTime.IsZero() {
		return time.Time{}, false
	}
	due = fireAfter(l.Trigger.Anchored(l.anchorNow()), l.Now).at
	return due, !due.IsZero() && l.NextRunTime.Sub(due) > clockSlack
}

// anchorNow is the anchor of the job's trigger, not later than now.
func (l *Look) anchorNow() time.Time {
	if l.Anchor.After(l.Now) { // set by a clock that was ahead
		return l.Now
	}
	return l.Anchor
}

// MendClock gives a job that is Ahead the next run that its trigger allows from now; any other stays as it is. A paused
// job stays paused. Fire times that were decided while the clock was ahead come again: their runs are others, as they
// count from another anchor. It is the last fire time that is over, so that an interval keeps its times.
func (l Look) MendClock() Change {
	if _, ahead := l.Ahead(); !ahead {
		return changed(job.ActionRescheduled, &l, &l, nil, nil)
	}
	after := l
	anchor := l.Now
	if last, some := l.Trigger.Last(l.Anchor, l.Now); some {
		anchor = last
	}
	after.Anchor, after.Trigger = anchor, l.Trigger.Anchored(anchor)
	if after.LastRunTime.After(l.Now) {
		after.LastRunTime = time.Time{}
	}
	follow(&after.Job, l.Now, l.Now)
	switch {
	case l.State == job.StatePaused:
		after.State, after.DueAt = job.StatePaused, time.Time{}
	case l.busy():
		after.DueAt = l.Now
	}
	return changed(job.ActionRescheduled, &l, &after, nil, nil)
}

// AheadSentence says that a job is Ahead.
func AheadSentence(next, due time.Time) string {
	return fmt.Sprintf("its next run, %s, lies %s further ahead than its trigger allows from now, %s: the database's "+
		"clock was set back since that was decided", say.Time(next), say.Duration(next.Sub(due).Round(time.Second)),
		say.Time(due))
}
