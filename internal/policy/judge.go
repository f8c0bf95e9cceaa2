package policy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// Watch is what the judgement of a job with OnFailure needs.
type Watch struct {
	JobID               string
	CreatedRevision     int64
	UpdatedAt           time.Time
	Labels              map[string]string
	OnFailure           *job.OnFailure // nil where it cannot be read
	AlertIfNoSuccessFor time.Duration
	State               job.State
	Held                bool      // its label, or everything, is paused
	ReleasedAt          time.Time // when such a pause ended last
	Now                 time.Time // the database's

	Latest *job.Alert // the latest alert of this job, with Kind, At, Since, Failures and RunEndedAt; nil for none
	// Failures are the newest failed final outcomes that no alert has told of, newest first, OnFailure.After at most:
	// those that ended after the latest recovery, and while the job is known to fail, those that began after the latest
	// alert. Skipped and cancelled runs count neither way.
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
	Alert *job.Alert // to be recorded, with its call
	Pause string     // why the job is to be paused; "": it is not
}

// Judged is a verdict that was written.
type Judged struct {
	JobID string
	Verdict
}

// Judge says whether a job has begun to fail, is silent for too long, or has recovered. Each is told of once: while the
// latest alert is not a recovery the job is known to fail, and the most that happens is that it is paused anew, without
// a call, when it goes on failing after a person has resumed it. It reads no clock and no database.
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
func (w *Watch) failing() bool { return w.Latest != nil && w.Latest.Kind != job.AlertRecovery }

// inARow is the newest After failures that no success stands between, newest first; nil when there are none. A row that
// a success has ended meanwhile counts as well, if it is younger than the definition: nobody looked in between.
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
	a := w.alert(job.AlertFailure, oldest.EndedAt, newest.EndedAt)
	a.Failures = len(runs)
	a.Sentence = fmt.Sprintf("%d runs in a row failed, from %s to %s; the last: %s", len(runs),
		say.Time(oldest.EndedAt), say.Time(newest.EndedAt), say.Brief(newest.Error))
	if len(runs) == 1 {
		a.Sentence = fmt.Sprintf("a run failed at %s: %s", say.Time(newest.EndedAt), say.Brief(newest.Error))
	}
	if w.ended(runs) {
		a.Sentence += "; one succeeded since"
		return w.act(a, newest.Error, false)
	}
	return w.act(a, newest.Error, true)
}

// silent judges the time since the last success, or since the job was last changed or let go, which may explain it.
func (w *Watch) silent() Verdict {
	if w.AlertIfNoSuccessFor <= 0 || w.Held || w.State == job.StatePaused || w.State == job.StateFinished {
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
	a := w.alert(job.AlertSilence, since, since)
	a.Sentence = fmt.Sprintf("no run succeeded for %s, since %s at %s", say.Duration(w.Now.Sub(since)), what,
		say.Time(since))
	return w.act(a, "", true)
}

// act pauses the job as OnFailure says, where it can be paused, and lets the URL be called, unless it was before. While
// the job is known to fail, only what OnFailure.Pause asks for is left to be done: the alert is then recorded also
// where the job is paused or blocked already, so that the same runs do not pause it as soon as somebody lets it go on.
func (w *Watch) act(a *job.Alert, lastError string, pause bool) (v Verdict) {
	if w.failing() && (!w.OnFailure.Pause || a.Kind == job.AlertSilence && w.State != job.StateActive) {
		return Verdict{}
	}
	if pause && w.OnFailure.Pause && w.State == job.StateActive {
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
	a := w.alert(job.AlertRecovery, w.Latest.Since, w.LastSuccess)
	what := "no success"
	if w.Latest.Kind == job.AlertFailure {
		what = "failures"
	}
	a.Sentence = fmt.Sprintf("a run succeeded at %s, after %s since %s", say.Time(w.LastSuccess), what,
		say.Time(w.Latest.Since))
	w.call(a, "")
	return Verdict{Alert: a}
}

func (w *Watch) alert(kind job.AlertKind, since, runEndedAt time.Time) *job.Alert {
	return &job.Alert{
		ID: uuid.New(), JobID: w.JobID, CreatedRevision: w.CreatedRevision, Kind: kind, At: w.Now,
		Since: since, RunEndedAt: runEndedAt, State: job.AlertNoCall,
	}
}

// alertBody is what a call tells where the job gives it no body.
type alertBody struct {
	Alert     job.AlertKind     `json:"alert"`
	ID        string            `json:"id"`
	JobID     string            `json:"job_id"`
	At        time.Time         `json:"at"`
	Since     time.Time         `json:"since"`
	Sentence  string            `json:"sentence"`
	Failures  int               `json:"failures,omitempty"`
	LastError string            `json:"last_error,omitempty"`
	Paused    bool              `json:"paused"`
	Labels    map[string]string `json:"labels"`
}

// call gives a the request that OnFailure declares, if it does. Without a method and body of its own it is a POST of
// what happened, as JSON; a GET or HEAD is sent as it is.
func (w *Watch) call(a *job.Alert, lastError string) {
	if w.OnFailure.HTTP == nil {
		return
	}
	request := *w.OnFailure.HTTP
	if request.Body == "" && request.Method != http.MethodGet && request.Method != http.MethodHead {
		body, err := json.Marshal(alertBody{
			Alert: a.Kind, ID: a.ID.String(), JobID: a.JobID, At: a.At, Since: a.Since, Sentence: a.Sentence,
			Failures:  a.Failures,
			LastError: lastError, Paused: a.Paused || w.State == job.StatePaused, Labels: w.labels(),
		})
		if err != nil {
			panic(err) // texts, times and numbers only
		}
		request.Body = string(body)
	}
	a.HTTP, a.State = &request, job.AlertPending
}

func (w *Watch) labels() map[string]string {
	if w.Labels == nil {
		return map[string]string{}
	}
	return w.Labels
}
