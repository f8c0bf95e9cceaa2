package job

import (
	"fmt"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/say"
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
		return Scope{}, fmt.Errorf("%s is not a label, written like team=web", say.Quoted(text))
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
		return "scheduler resume --label " + say.ShellWord(s.Label())
	}
	return "scheduler resume --all"
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
	when := "since " + say.Time(p.PausedAt)
	if !p.Lasts() {
		when = fmt.Sprintf("from %s to %s", say.Time(p.PausedAt), say.Time(p.ResumedAt))
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

// Covering picks from pauses those that matter to a look at j: they cover it, and last or ended after its next fire
// time.
func (j *Job) Covering(pauses []Pause) (covering []Pause) {
	for _, p := range pauses {
		missed := !j.NextRunTime.IsZero() && !j.NextRunTime.After(p.ResumedAt)
		if (p.Lasts() || missed) && p.Covers(j) {
			covering = append(covering, p)
		}
	}
	return covering
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
	Was      bool  // false: it was not paused, and nothing has changed
	MadeDue  int   // how many jobs of a label were made due at once
	DueError error // why others were not: they are looked at later
}
