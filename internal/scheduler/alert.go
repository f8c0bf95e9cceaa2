package scheduler

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// AlertKind is what an alert tells of.
type AlertKind string

const (
	AlertFailure  AlertKind = "failure"  // so many runs in a row failed
	AlertSilence  AlertKind = "silence"  // no run succeeded for too long
	AlertRecovery AlertKind = "recovery" // a run succeeded again
)

// States of an Alert's call.
const (
	AlertNoCall    = "no_call"   // none is to be made
	AlertPending   = "pending"   // it is to be made, or tried again
	AlertDelivered = "delivered" // it was answered with success
	AlertGivenUp   = "given_up"  // it failed too often
)

// Alert is a row of alerts: what was found of a job, and the call that tells of it.
type Alert struct {
	ID              uuid.UUID // random; the Idempotency-Key of the call
	Number          int64     // grows from alert to alert of a job
	JobID           string
	CreatedRevision int64 // of the job, which tells it from an earlier one of the id
	Kind            AlertKind
	At              time.Time // when it was found
	Sentence        string    // the whole story for a person
	Failures        int       // of AlertFailure: how many runs in a row it counted
	// Since is when the first of these runs ended; of AlertSilence, the last success or what came after it; of AlertRecovery,
	// the Since of the alert that it ends.
	Since      time.Time
	RunEndedAt time.Time // when the last run ended that it counted: a success after it is the recovery
	Paused     bool      // it paused the job

	HTTP          *HTTP     // the request to send, nil for none
	State         string    // of the call: AlertNoCall, AlertPending, AlertDelivered, AlertGivenUp
	Attempts      int       // calls that were begun
	NextAttemptAt time.Time // of AlertPending
	LastError     string    // why the last attempt failed
	EndedAt       time.Time // when it was delivered or given up
}

// Watch is what the judgement of a job with OnFailure needs.
type Watch struct {
	JobID               string
	CreatedRevision     int64
	UpdatedAt           time.Time
	Labels              map[string]string
	OnFailure           *OnFailure // nil where it cannot be read
	AlertIfNoSuccessFor time.Duration
	State               State
	Held                bool      // its label, or everything, is paused
	ReleasedAt          time.Time // when such a pause ended last
	Now                 time.Time // the database's

	Latest *Alert // the latest alert of this job, with Kind, At, Since, Failures and RunEndedAt; nil for none
	// Failures are the newest failed final outcomes that no alert has told of, newest first, OnFailure.After at most: those
	// that ended after the latest recovery, and while the job is known to fail, those that began after the latest alert.
	// Skipped and cancelled runs count neither way.
	Failures    []FailedRun
	LastSuccess time.Time // when the newest success was recorded; zero for none
}

// FailedRun is a run that failed, timed out or was lost.
type FailedRun struct {
	EndedAt      time.Time
	Error        string
	AfterSuccess bool // a success ended between this run and the one before it in time
}

// Verdict is what a judgement found and changes, in one transaction. The zero value is: nothing.
type Verdict struct {
	Alert *Alert // to be recorded, with its call
	Pause string // why the job is to be paused; "": it is not
}

// Judged is a verdict that was written.
type Judged struct {
	JobID string
	Verdict
}

// AlertFilter says which alerts of a job id a reader asks for.
type AlertFilter struct {
	JobID  string
	Before int64 // when not 0, only those with a smaller Number
	Limit  int
}

// Judge says whether a job has begun to fail, is silent for too long, or has recovered. Each is told of once: while the
// latest alert is no recovery the job is known to fail, and the most that happens is that it is paused anew, without a
// call, when it goes on failing after a person has resumed it. It reads no clock and no database.
func Judge(w Watch) Verdict {
	if w.OnFailure == nil || w.OnFailure.After < 1 {
		return Verdict{}
	}
	if w.failing() && w.LastSuccess.After(w.Latest.RunEndedAt) {
		return w.recovered()
	}
	if runs := w.inARow(); runs != nil {
		return w.failed(runs)
	}
	return w.silent()
}

// failing says whether the job is known to fail.
func (w *Watch) failing() bool { return w.Latest != nil && w.Latest.Kind != AlertRecovery }

// inARow is the newest After failures that no success stands between, newest first; nil when there are none. A row that a
// success has ended meanwhile counts as well, if it is younger than the definition: nobody looked in between.
func (w *Watch) inARow() []FailedRun {
	first := 0
	for i, f := range w.Failures {
		if n := i - first + 1; n == w.OnFailure.After {
			runs := w.Failures[first : i+1]
			if w.ended(runs) && !runs[0].EndedAt.After(w.UpdatedAt) {
				return nil
			}
			return runs
		}
		if f.AfterSuccess {
			first = i + 1
		}
	}
	return nil
}

// ended says whether a success came after a row of failures.
func (w *Watch) ended(runs []FailedRun) bool { return w.LastSuccess.After(runs[0].EndedAt) }

func (w *Watch) failed(runs []FailedRun) Verdict {
	newest, oldest := runs[0], runs[len(runs)-1]
	a := w.alert(AlertFailure, oldest.EndedAt, newest.EndedAt)
	a.Failures = len(runs)
	a.Sentence = fmt.Sprintf("%d runs in a row failed, from %s to %s; the last: %s", len(runs), stamp(oldest.EndedAt), stamp(newest.EndedAt), brief(newest.Error))
	if len(runs) == 1 {
		a.Sentence = fmt.Sprintf("a run failed at %s: %s", stamp(newest.EndedAt), brief(newest.Error))
	}
	if w.ended(runs) {
		a.Sentence += "; one succeeded since"
		return w.act(a, newest.Error, false)
	}
	return w.act(a, newest.Error, true)
}

// silent judges the time since the last success, or since the job was last changed or let go, which may explain it.
func (w *Watch) silent() Verdict {
	if w.AlertIfNoSuccessFor <= 0 || w.Held || w.State == StatePaused || w.State == StateFinished {
		return Verdict{}
	}
	since, what := w.UpdatedAt, "the job was added, changed or resumed"
	if w.ReleasedAt.After(since) {
		since, what = w.ReleasedAt, "a pause of it ended"
	}
	if w.LastSuccess.After(since) {
		since, what = w.LastSuccess, "the last success"
	}
	if w.Now.Sub(since) < w.AlertIfNoSuccessFor {
		return Verdict{}
	}
	a := w.alert(AlertSilence, since, since)
	a.Sentence = fmt.Sprintf("no run succeeded for %s, since %s at %s", short(w.Now.Sub(since)), what, stamp(since))
	return w.act(a, "", true)
}

// act pauses the job as OnFailure says, where it can be paused, and lets the URL be called, unless it was before. While the
// job is known to fail, only what OnFailure.Pause asks for is left to be done: the alert is then recorded also where the job is
// paused or blocked already, so that the same runs do not pause it as soon as somebody lets it go on.
func (w *Watch) act(a *Alert, lastError string, pause bool) (v Verdict) {
	if w.failing() && (!w.OnFailure.Pause || a.Kind == AlertSilence && w.State != StateActive) {
		return Verdict{}
	}
	if pause && w.OnFailure.Pause && w.State == StateActive {
		v.Pause, a.Paused = a.Sentence, true
		a.Sentence += "; the job is paused until somebody resumes it"
	}
	if !w.failing() {
		w.call(a, lastError)
	} else if v.Pause == "" {
		a.Sentence += fmt.Sprintf("; the job is %s already", w.State)
	}
	v.Alert = a
	return v
}

func (w *Watch) recovered() Verdict {
	a := w.alert(AlertRecovery, w.Latest.Since, w.LastSuccess)
	what := "no success"
	if w.Latest.Kind == AlertFailure {
		what = "failures"
	}
	a.Sentence = fmt.Sprintf("a run succeeded at %s, after %s since %s", stamp(w.LastSuccess), what, stamp(w.Latest.Since))
	w.call(a, "")
	return Verdict{Alert: a}
}

func (w *Watch) alert(kind AlertKind, since, runEndedAt time.Time) *Alert {
	return &Alert{
		ID: uuid.New(), JobID: w.JobID, CreatedRevision: w.CreatedRevision, Kind: kind, At: w.Now,
		Since: since, RunEndedAt: runEndedAt, State: AlertNoCall,
	}
}

// brief is an error as a sentence can hold it.
func brief(s string) string {
	const atMost = 300
	for i := range s {
		if i > atMost {
			return s[:i] + "…"
		}
	}
	return s
}
