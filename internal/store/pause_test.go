package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A paused job begins nothing; what fell due meanwhile becomes one record, and with run-missed one run that is told of
// it.
func TestPausedJobBeginsNothing(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	w := &work{}
	n := newNode(t, s, w)
	add(t, s, storetest.Job(t, "p", `{"type":"interval","every":"1h"}`))

	o, err := s.Pause(t.Context(), "p", job.Author{Actor: "ada@web-1", Reason: "the receiver is being moved"})
	if err != nil || o.After.State != job.StatePaused {
		t.Fatal(o.After.State, err)
	}
	problem := overview(t, s, "p").Problem
	if !strings.HasPrefix(problem, "paused since 20") ||
		!strings.HasSuffix(problem, " UTC by ada@web-1: the receiver is being moved") {
		t.Errorf("job_overview says %q", problem)
	}
	again, err := s.Pause(t.Context(), "p", job.Author{Actor: "bob", Reason: "why not"})
	if err != nil || again.After.PausedBy != "ada@web-1" || again.After.Revision != o.After.Revision {
		t.Errorf("paused twice: by %s, revision %d after %d, %v", again.After.PausedBy, again.After.Revision,
			o.After.Revision, err)
	}
	if _, err := s.RunNow(t.Context(), "p", "", job.Author{}); !errors.Is(err, job.ErrPaused) {
		t.Errorf("run now of a paused job: %v", err)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.jobs SET anchor = anchor - interval '150 minutes'")
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = next_run_time - interval '150 minutes'")
	tick(t, n)
	finish(t, n)
	if ran := len(w.executed()); ran != 0 {
		t.Fatalf("%d runs began while the job was paused", ran)
	}

	o, err = s.Resume(t.Context(), "p", true, job.Author{})
	if err != nil || o.After.State != job.StateActive || o.After.PausedBy != "" {
		t.Fatalf("resumed: %+v, %v", o, err)
	}
	if now := overview(t, s, "p"); now.Problem != "" || now.Waiting != 1 {
		t.Fatalf("resumed: %+v", now)
	}
	const record = "SELECT format('%s x%s final %s', reason, fire_count, final) FROM pgdue.run_history WHERE " +
		"outcome = 'skipped'"
	if got, want := storetest.Query[string](t, conn, record), "paused x2 final t"; got != want {
		t.Errorf("the fire times meanwhile are recorded as %q, want %q", got, want)
	}
	tick(t, n)
	finish(t, n)
	if ran := len(w.executed()); ran != 1 {
		t.Errorf("%d runs for what was missed, want 1", ran)
	}
	if !storetest.Query[bool](t, conn,
		"SELECT next_run_time > pgdue.now() AND due_at = next_run_time FROM pgdue.next_run_times") {
		t.Error("the schedule does not go on")
	}
	if again, err := s.Resume(t.Context(), "p", true, job.Author{}); err != nil || !again.Nothing() ||
		overview(t, s, "p").Waiting != 0 {
		t.Errorf("resumed twice: %+v, %v", again, err)
	}
}

// Whoever pauses waits for a claim in progress; the next claim obeys.
func TestPauseCommittedBeforeAClaimIsObeyed(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.OpenURL(t, url)
	w := &work{}
	n := newNode(t, s, w)
	add(t, s, storetest.Job(t, "p", `{"type":"date"}`))
	if _, err := s.Pause(t.Context(), "p", job.Author{Actor: "ada"}); err != nil {
		t.Fatal(err)
	}
	tick(t, n)
	if _, err := s.Resume(t.Context(), "p", false, job.Author{}); err != nil {
		t.Fatal(err)
	}
	tick(t, n)
	finish(t, n)
	if ran := len(w.executed()); ran != 0 {
		t.Errorf("%d runs of a fire that fell due in the pause, want 0: it has its record", ran)
	}
	if _, err := s.Pause(t.Context(), "p", job.Author{Actor: "ada"}); !errors.Is(err, job.ErrFinished) {
		t.Errorf("pausing a finished job: %v", err)
	}
	if _, err := s.Pause(t.Context(), "nobody", job.Author{Actor: "ada"}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("pausing no job: %v", err)
	}
}
