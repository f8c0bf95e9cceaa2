package policy

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
)

// ago is a moment before that of the judgement in these tests.
func ago(d time.Duration) time.Time { return t0.Add(-d) }

// failedRuns are runs that failed at these minutes before the judgement, newest first; a negative one is the next after
// a success.
func failedRuns(minutes ...int) (runs []FailedRun) {
	for _, m := range minutes {
		runs = append(runs, FailedRun{EndedAt: ago(time.Duration(max(m, -m)) * time.Minute), Error: "exit status 3",
			AfterSuccess: m < 0})
	}
	return runs
}

// seen is a verdict in a line: what was found, whether it calls, whether it pauses.
func seen(v Verdict) string {
	if v.Alert == nil {
		return ""
	}
	words := []string{string(v.Alert.Kind)}
	if v.Alert.State == job.AlertPending && v.Alert.HTTP != nil {
		words = append(words, "call")
	}
	if v.Pause != "" && v.Alert.Paused {
		words = append(words, "pause")
	}
	return strings.Join(words, " ")
}

func TestJudge(t *testing.T) {
	known := func(kind job.AlertKind, runEnded time.Duration) func(*Watch) {
		return func(w *Watch) {
			w.Latest = &job.Alert{Kind: kind, At: ago(30 * time.Minute), RunEndedAt: ago(runEnded)}
			w.LastSuccess, w.UpdatedAt = ago(4*time.Hour), ago(time.Hour)
		}
	}
	failing, silent := known(job.AlertFailure, 31*time.Minute), known(job.AlertSilence, 3*time.Hour)
	recovered := func(d time.Duration) func(*Watch) {
		return func(w *Watch) {
			w.Latest, w.LastSuccess = &job.Alert{Kind: job.AlertRecovery, RunEndedAt: ago(d)}, ago(d)
		}
	}
	runs := func(minutes ...int) func(*Watch) { return func(w *Watch) { w.Failures = failedRuns(minutes...) } }
	success := func(d time.Duration) func(*Watch) { return func(w *Watch) { w.LastSuccess = ago(d) } }
	after := func(n int) func(*Watch) { return func(w *Watch) { w.OnFailure.After = n } }
	noPause := func(w *Watch) { w.OnFailure.Pause = false }
	noCall := func(w *Watch) { w.OnFailure.HTTP = nil }
	in := func(s job.State) func(*Watch) { return func(w *Watch) { w.State = s } }
	never := func(w *Watch) { w.LastSuccess = time.Time{} }
	changed := func(d time.Duration) func(*Watch) { return func(w *Watch) { w.UpdatedAt = ago(d) } }
	tests := []struct {
		name string
		set  []func(*Watch)
		want string
	}{
		{"no failure", nil, ""},
		{"one less than after", []func(*Watch){runs(1, 2)}, ""},
		{"as many as after", []func(*Watch){runs(1, 2, 3)}, "failure call pause"},
		{"they only call", []func(*Watch){noPause, runs(1, 2, 3)}, "failure call"},
		{"they only pause", []func(*Watch){noCall, runs(1, 2, 3)}, "failure pause"},
		{"after 1", []func(*Watch){after(1), runs(1)}, "failure call pause"},
		{"a success in between", []func(*Watch){runs(1, -2, 3), success(150 * time.Second)}, ""},
		{"a success before them all", []func(*Watch){runs(1, 2, -3, 5), success(4 * time.Minute)},
			"failure call pause"},
		{"recovered before anybody looked: told, not paused", []func(*Watch){runs(2, 3, 4), success(time.Minute)},
			"failure call"},
		{"and failed again", []func(*Watch){runs(-1, 4, 5, 6), success(2 * time.Minute)}, "failure call"},
		{"recovered before the job was changed: an old story",
			[]func(*Watch){runs(2, 3, 4), success(time.Minute), changed(90 * time.Second)}, ""},
		{"still failing, and the job was changed since", []func(*Watch){runs(2, 3, 4), changed(90 * time.Second)},
			"failure call pause"},
		{"paused by a person meanwhile", []func(*Watch){in(job.StatePaused), runs(1, 2, 3)}, "failure call"},
		{"finished", []func(*Watch){in(job.StateFinished), after(1), runs(1)}, "failure call"},
		{"blocked", []func(*Watch){in(job.StateBlocked), runs(1, 2, 3)}, "failure call"},

		{"known to fail: no second call", []func(*Watch){failing, noPause, runs(1, 2, 3)}, ""},
		{"known, resumed, one less than after", []func(*Watch){failing, runs(1, 2)}, ""},
		{"known, resumed, as many as after", []func(*Watch){failing, runs(1, 2, 3)}, "failure pause"},
		{"known, paused by a person, and its last runs fail",
			[]func(*Watch){failing, in(job.StatePaused), runs(1, 2, 3)}, "failure"},
		{"known, a success before", []func(*Watch){failing, success(40 * time.Minute)}, ""},
		{"known, a success since", []func(*Watch){failing, success(time.Minute), runs(2, 3, 4)}, "recovery call"},
		{"known, a success recorded while that was found",
			[]func(*Watch){failing, success(30*time.Minute + time.Second)}, "recovery call"},
		{"known, a success since, paused", []func(*Watch){failing, in(job.StatePaused), success(time.Minute)},
			"recovery call"},
		{"known, a success since, nothing to call", []func(*Watch){failing, noCall, success(time.Minute)}, "recovery"},
		{"recovered", []func(*Watch){recovered(time.Minute)}, ""},
		{"recovered and failing anew", []func(*Watch){recovered(9 * time.Minute), runs(1, 2, 3)}, "failure call pause"},

		{"a success a moment within the limit", []func(*Watch){success(2*time.Hour - time.Second)}, ""},
		{"silent", []func(*Watch){success(2 * time.Hour)}, "silence call pause"},
		{"silent since it was added", []func(*Watch){never, changed(2 * time.Hour)}, "silence call pause"},
		{"changed or resumed meanwhile", []func(*Watch){success(3 * time.Hour), changed(time.Hour)}, ""},
		{"silent without a limit", []func(*Watch){success(3 * time.Hour), func(w *Watch) { w.AlertIfNoSuccessFor = 0 }},
			""},
		{"silent while paused", []func(*Watch){success(3 * time.Hour), in(job.StatePaused)}, ""},
		{"silent since finished", []func(*Watch){success(3 * time.Hour), in(job.StateFinished)}, ""},
		{"silent since blocked", []func(*Watch){success(3 * time.Hour), in(job.StateBlocked)}, "silence call"},
		{"silent while its label is paused", []func(*Watch){success(3 * time.Hour), func(w *Watch) { w.Held = true }},
			""},
		{"its label was paused until lately",
			[]func(*Watch){success(3 * time.Hour), func(w *Watch) { w.ReleasedAt = ago(time.Hour) }}, ""},
		{"known to be silent", []func(*Watch){silent, noPause, changed(2 * time.Hour)}, ""},
		{"known to be silent, resumed, and silent again", []func(*Watch){silent, changed(2 * time.Hour)},
			"silence pause"},
		{"known to be silent, and paused", []func(*Watch){silent, in(job.StatePaused), changed(2 * time.Hour)}, ""},
		{"known to be silent, a success since", []func(*Watch){silent, success(time.Minute)}, "recovery call"},
		{"known to be silent, and failing", []func(*Watch){silent, noPause, runs(1, 2, 3)}, ""},

		{"on_failure that cannot be read", []func(*Watch){runs(1, 2, 3), func(w *Watch) { w.OnFailure = nil }}, ""},
		{"on_failure that makes no sense", []func(*Watch){runs(1, 2, 3), after(0)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := Watch{
				JobID: "j", CreatedRevision: 7, Now: t0, State: job.StateActive, UpdatedAt: ago(5 * time.Hour),
				AlertIfNoSuccessFor: 2 * time.Hour,
				OnFailure:           &job.OnFailure{After: 3, Pause: true, HTTP: &job.HTTP{URL: "http://alert"}},
				LastSuccess:         ago(10 * time.Minute),
			}
			for _, set := range tt.set {
				set(&w)
			}
			if got := seen(Judge(w)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// The call tells what happened, unless the job gives it a body; the sentences are for a person.
func TestAlertTellsWhatHappened(t *testing.T) {
	w := Watch{
		JobID: "j", CreatedRevision: 7, Now: t0, State: job.StateActive, UpdatedAt: ago(5 * time.Hour),
		Labels: map[string]string{"team": "web"},
		OnFailure: &job.OnFailure{After: 2, Pause: true,
			HTTP: &job.HTTP{URL: "http://alert", Headers: map[string]string{"A": "b"}}}, Failures: failedRuns(1, 2),
	}
	v := Judge(w)
	const reason = "2 runs in a row failed, from 2026-03-01 08:58:00 UTC to 2026-03-01 08:59:00 UTC; the " +
		"last: exit status 3"
	if v.Pause != reason {
		t.Errorf("paused because %q", v.Pause)
	}
	var told map[string]any
	if err := json.Unmarshal([]byte(v.Alert.HTTP.Body), &told); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"alert": "failure", "id": v.Alert.ID.String(), "job_id": "j", "at": "2026-03-01T09:00:00Z",
		"since":    "2026-03-01T08:58:00Z",
		"sentence": reason + "; the job is paused until somebody resumes it", "failures": 2.0,
		"last_error": "exit status 3",
		"paused":     true, "labels": map[string]any{"team": "web"},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if w.OnFailure.HTTP.Body != "" {
		t.Error("the definition was changed")
	}
	for _, own := range []job.HTTP{{URL: "http://alert", Body: "down"}, {URL: "http://alert", Method: http.MethodGet}} {
		w.OnFailure.HTTP = &own
		if diff := cmp.Diff(&own, Judge(w).Alert.HTTP); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}
	w.Failures, w.AlertIfNoSuccessFor, w.LastSuccess = nil, 2*time.Hour, ago(150*time.Minute)
	if got, want := Judge(w).Pause,
		"no run succeeded for 2h30m0s, since the last success at 2026-03-01 06:30:00 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	w.Latest = &job.Alert{Kind: job.AlertFailure, Since: ago(time.Hour), RunEndedAt: ago(40 * time.Minute)}
	w.LastSuccess = ago(time.Second)
	if got, want := Judge(w).Alert.Sentence,
		"a run succeeded at 2026-03-01 08:59:59 UTC, after failures since 2026-03-01 08:00:00 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
