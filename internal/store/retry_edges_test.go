package store_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Who holds a job's lock holds up the end that would let its run be tried again, and no other end.
func TestLockedJobHoldsUpOnlyItsOwnEnd(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	n := &scheduler.Scheduler{Store: s, Executor: held{gate}, Log: slog.New(slog.DiscardHandler)}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "held"} {
		d := storetest.Job(t, id, `{"type":"date"}`)
		if id == "held" {
			d.MaxAttempts = 2
		}
		add(t, s, d)
	}
	tick(t, n)
	tx, err := storetest.Conn(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "SELECT FROM pgdue.next_run_times WHERE job_id = 'held' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	close(gate)
	started := time.Now()
	finish(t, n)
	if took := time.Since(started); took > 8*time.Second {
		t.Errorf("recording took %s", took)
	}
	const left = "SELECT coalesce(string_agg(job_id || ' ' || state, ', '), 'none') FROM pgdue.running_instances"
	if got := storetest.Query[string](t, conn, left); got != "held executing" {
		t.Errorf("instances left while the job is locked: %s, want that job's only", got)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	ends, stop := t.Context(), time.Now().Add(20*time.Second)
	for storetest.Query[string](t, conn, left) != "held retrying" {
		if time.Now().After(stop) {
			t.Fatalf("after the lock is gone: %s", storetest.Query[string](t, conn, left))
		}
		n.Flush(ends)
	}
}

// A run between attempts is not forgotten where its finished job is unblocked by a PUT, or resumed.
func TestRetryOutlivesABlockAndAPause(t *testing.T) {
	t.Parallel()
	for name, mend := range map[string]string{
		"blocked": "UPDATE pgdue.next_run_times SET state = 'blocked', error = 'for a test', due_at = NULL",
		"paused":  "UPDATE pgdue.next_run_times SET state = 'paused', due_at = NULL",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, conn, n, f := tried(t, 3, 1)
			storetest.Exec(t, conn, mend)
			d := storetest.Job(t, "try", `{"type":"date"}`)
			d.MaxAttempts, d.Retry = 3, job.Retry{Min: new(time.Hour), Max: time.Hour}
			var err error
			if name == "blocked" {
				_, err = s.Put(t.Context(), d, job.Author{})
			} else {
				_, err = s.Resume(t.Context(), "try", false, job.Author{})
			}
			if err != nil {
				t.Fatal(err)
			}
			tick(t, n)
			if !storetest.Query[bool](t, conn,
				"SELECT due_at = not_before FROM pgdue.next_run_times JOIN pgdue.running_instances USING (job_id)") {
				t.Error("the job is not due when its run is to be tried again")
			}
			hurry(t, conn)
			tick(t, n)
			finish(t, n)
			if len(f.attempts) != 2 {
				t.Errorf("%d attempts, want 2", len(f.attempts))
			}
		})
	}
}

// A job that cannot be read does not keep the instances of its dead node counted, its own or others'.
func TestTakeOverOfAnUnreadableJob(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	dead := newNode(t, s, &work{gate: gate})
	for _, id := range []string{"a", "bad", "c"} {
		add(t, s, storetest.Job(t, id, `{"type":"date"}`))
	}
	tick(t, dead)
	storetest.Exec(t, conn, "ALTER TABLE pgdue.jobs DROP CONSTRAINT times_are_in_range; UPDATE pgdue.jobs SET "+
		"paused_at = 'infinity' WHERE id = 'bad'")
	takeOverAll(t, s, conn)
	if got := storetest.Query[string](t, conn,
		"SELECT string_agg(job_id || ' ' || outcome, ', ' ORDER BY job_id) FROM "+
			"pgdue.run_history"); got != "a lost, bad lost, c lost" {
		t.Errorf("history is %q", got)
	}
	close(gate)
	finish(t, dead)
}

// Resuming a job whose trigger cannot be read leaves it to the next look, which blocks it and says why.
func TestResumeOfAnUnreadableJob(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "p", `{"type":"interval","every":"1h"}`))
	if _, err := s.Pause(t.Context(), "p", job.Author{Actor: "ada"}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET trigger = '{"type":"sundial"}'`)
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = pgdue.now()")
	if _, err := s.Resume(t.Context(), "p", false, job.Author{}); err != nil {
		t.Fatal(err)
	}
	tick(t, newNode(t, s, &work{}))
	if got := storetest.Query[string](t, conn, "SELECT state FROM pgdue.next_run_times"); got != "blocked" {
		t.Errorf("the job is %s, want blocked", got)
	}
}
