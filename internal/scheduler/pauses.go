package scheduler

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Scope is what a pause covers: everything (the zero value), the jobs that have a label, or one job.
type Scope struct {
	LabelName, LabelValue string
	JobID                 string
}

// ParseLabel reads name=value, as jobs have it among their labels.
func ParseLabel(text string) (Scope, error) {
	name, value, given := strings.Cut(text, "=")
	if !given || !validLabel.MatchString(name) || len(value) > maxLabelValue || strings.ContainsRune(value, 0) {
		return Scope{}, fmt.Errorf("%s is not a label, written like team=web", quoteShort(text))
	}
	return Scope{LabelName: name, LabelValue: value}, nil
}

// Everything says whether s covers all jobs.
func (s Scope) Everything() bool { return s == Scope{} }

// Label is name=value, "" when s covers something else.
func (s Scope) Label() string {
	if s.LabelName == "" {
		return ""
	}
	return s.LabelName + "=" + s.LabelValue
}

// String is "everything", "label team=web" or "job ping".
func (s Scope) String() string {
	switch {
	case s.JobID != "":
		return "job " + s.JobID
	case s.LabelName != "":
		return "label " + s.Label()
	}
	return "everything"
}

// Covers says whether s covers a job.
func (s Scope) Covers(j *Job) bool {
	switch {
	case s.JobID != "":
		return s.JobID == j.ID
	case s.LabelName != "":
		value, has := j.Labels[s.LabelName]
		return has && value == s.LabelValue
	}
	return true
}

// ResumeCommand is the command that ends a pause of s.
func (s Scope) ResumeCommand() string {
	switch {
	case s.JobID != "":
		return "scheduler resume " + s.JobID
	case s.LabelName != "":
		return "scheduler resume --label " + shellWord(s.Label())
	}
	return "scheduler resume --all"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@=,+-]+$`)

// shellWord quotes a word that a shell would not take as one.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Pause is a time in which nothing that it covers begins.
type Pause struct {
	Scope
	PausedAt  time.Time
	PausedBy  string
	Reason    string
	ResumedAt time.Time // zero while it lasts
	ResumedBy string
	RunMissed bool // each job that missed fire times runs once for them
}

// Lasts says whether p is not over.
func (p *Pause) Lasts() bool { return p.ResumedAt.IsZero() }

// String tells a person what is or was paused, since when, by whom and why.
func (p Pause) String() string {
	when := "since " + stamp(p.PausedAt)
	if !p.Lasts() {
		when = fmt.Sprintf("from %s to %s", stamp(p.PausedAt), stamp(p.ResumedAt))
	}
	if p.PausedAt.IsZero() { // a job that was paused by hand
		when = "since a time that is not known"
	}
	by := p.PausedBy
	if by == "" {
		by = Somebody
	}
	s := fmt.Sprintf("%s, %s by %s", p.Scope, when, by)
	if p.Reason != "" {
		s += ": " + p.Reason
	}
	return s
}

// Covering picks from pauses those that matter to a look at j: they cover it, and last or ended after its next fire time.
func (j *Job) Covering(pauses []Pause) (covering []Pause) {
	for _, p := range pauses {
		missed := !j.NextRunTime.IsZero() && !j.NextRunTime.After(p.ResumedAt)
		if (p.Lasts() || missed) && p.Covers(j) {
			covering = append(covering, p)
		}
	}
	return covering
}

// pausedWith is the pause that keeps j from beginning anything, by its label or with everything; nil for none.
func (j *Job) pausedWith() *Pause {
	for i := range j.Pauses {
		if j.Pauses[i].Lasts() {
			return &j.Pauses[i]
		}
	}
	return nil
}

// PausedError is ErrPaused with what is paused, since when, by whom and why, and the command that ends it; nil for a job
// that no pause covers.
func (j *Job) PausedError() error {
	var p *Pause
	if j.State == StatePaused {
		p = &Pause{Scope: Scope{JobID: j.ID}, PausedAt: j.PausedAt, PausedBy: j.PausedBy, Reason: j.PausedReason}
	} else if p = j.pausedWith(); p == nil {
		return nil
	}
	return fmt.Errorf("%w: %s; `%s` ends that", ErrPaused, p, p.ResumeCommand())
}

// afterPauses is j after the pauses that are over at now: what fell due in them comes back as one record, and where one of
// them asks for it a run, which is told of all, is to wait. Fire times after the last pause's end are left to the look.
//
// A fire time that lies before the end and was to begin after it, by a jitter that was drawn already, is left too.
func (j Job) afterPauses(now time.Time) (after Job, missed []Record, run []WaitingRun) {
	var until time.Time
	var runMissed bool
	var names []string
	for _, p := range j.Pauses {
		if p.Lasts() {
			continue
		}
		runMissed = runMissed || p.RunMissed
		names = append(names, p.String())
		if p.ResumedAt.After(until) {
			until = p.ResumedAt
		}
	}
	if until.After(now) { // the clock was set back
		until = now
	}
	if drawn := j.DueAt.Sub(j.NextRunTime); j.DueAt.After(until) && drawn > 0 && drawn <= j.Trigger.Jitter() {
		return j, nil, nil
	}
	return j.miss(until, now, runMissed, "due while this was paused: "+strings.Join(names, "; and "))
}

// relabelled is j, whose labels were changed at now from those of before: a pause that covers it no more is over for it.
func (j Job) relabelled(before *Job, now time.Time) (after Job, missed []Record) {
	j.Pauses = nil
	left := false
	for _, p := range before.Pauses {
		covers := p.Covers(&j)
		if covers && p.Lasts() {
			return j, nil // it goes on: the look after its end decides
		}
		if p.Lasts() {
			p.ResumedAt = now
		}
		left = left || !covers
		j.Pauses = append(j.Pauses, p)
	}
	if !left || j.Trigger == nil || j.State != StateActive && j.State != StateFinished {
		return j, nil
	}
	j, missed, _ = j.afterPauses(now)
	j.lookSoon(now)
	return j, missed
}

// Paused is what came of pausing a label or everything.
type Paused struct {
	Pause
	Already bool // it was paused before, as Pause says; that stays
	Jobs    int  // how many jobs have the label
}

// Resumed is what came of ending a pause.
type Resumed struct {
	Pause
	Was       bool  // false: it was not paused, and nothing has changed
	Woken     int   // how many jobs of a label were made due at once
	WakeError error // why others were not: they are looked at later
}
