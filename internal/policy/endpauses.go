package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// PausedError is ErrPaused with what is paused, since when, by whom and why, and the command that ends it; nil for a
// job that no pause covers.
func (l *Look) PausedError() error {
	p := l.pausedWith()
	if l.State == job.StatePaused {
		p = &job.Pause{Scope: job.Scope{JobID: l.ID}, PausedAt: l.PausedAt, PausedBy: l.PausedBy,
			Reason: l.PausedReason}
	}
	if p == nil {
		return nil
	}
	return fmt.Errorf("%w: %s; `%s` ends that", job.ErrPaused, p, p.ResumeCommand())
}

// afterPauses is what the pauses make of the job that are over: what fell due in them is dropped as one record, and
// where one of them asks for it a run, which is told of all, is to wait. Fire times after the last pause's end are left
// to the look.
//
// A fire time that lies before the end and was to begin after it, by a jitter that was drawn already, is left too.
func (l Look) afterPauses() Change {
	var until time.Time
	var runMissed bool
	var names []string
	for _, p := range l.Pauses {
		if p.Lasts() {
			continue
		}
		runMissed = runMissed || p.RunMissed
		names = append(names, p.String())
		if p.ResumedAt.After(until) {
			until = p.ResumedAt
		}
	}
	if until.After(l.Now) { // the clock was set back
		until = l.Now
	}
	after := l
	if drawn := l.DueAt.Sub(l.NextRunTime); l.DueAt.After(until) && drawn > 0 && drawn <= l.Trigger.Jitter() {
		return changed(job.ActionResumed, &l, &after, nil, nil)
	}
	missed, run := after.miss(until, runMissed, "due while this was paused: "+strings.Join(names, "; and "))
	return changed(job.ActionResumed, &l, &after, missed, run)
}

// relabelled is the look after the job's labels were changed from those of before: a pause that no longer covers it is
// over for it.
func (l Look) relabelled(before *Look) (after Look, missed []job.Record) {
	l.Pauses = nil
	left := false
	for _, p := range before.Pauses {
		covers := p.Covers(&l.Job)
		if covers && p.Lasts() {
			return l, nil // it goes on: the look after its end decides
		}
		if p.Lasts() {
			p.ResumedAt = l.Now
		}
		left = left || !covers
		l.Pauses = append(l.Pauses, p)
	}
	if !left || l.Trigger == nil || l.State != job.StateActive && l.State != job.StateFinished {
		return l, nil
	}
	c := l.afterPauses()
	l.Job = *c.After
	l.lookSoon()
	return l, c.Dropped
}
