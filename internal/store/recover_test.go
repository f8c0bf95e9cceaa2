package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A job whose row in next_run_times was deleted by hand is shown as such, and mended by whatever is done to it next.
func TestEditsRecoverAJobThatLostItsRow(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
	wider := d
	wider.MaxInstances = 3
	ada := job.Author{Actor: "ada"}
	for _, c := range []struct {
		edit string
		do   func(context.Context) error
		want string // state, max_instances, and how many runs wait
	}{
		{"put", func(ctx context.Context) error { return second(s.Put(ctx, d, ada)) }, "active 1 0"},
		{"put another", func(ctx context.Context) error { return second(s.Put(ctx, wider, ada)) }, "active 3 0"},
		{"pause", func(ctx context.Context) error { return second(s.Pause(ctx, "j", ada)) }, "paused 1 0"},
		{"resume", func(ctx context.Context) error { return second(s.Resume(ctx, "j", false, ada)) }, "active 1 0"},
		{"run now", func(ctx context.Context) error { return second(s.RunNow(ctx, "j", "", ada)) }, "active 1 1"},
		{"skip next", func(ctx context.Context) error { return second(s.SkipNext(ctx, "j", ada)) }, "active 1 0"},
		{"move next", func(ctx context.Context) error {
			return second(s.MoveNext(ctx, "j", time.Now().Add(time.Hour), ada))
		}, "active 1 0"},
		{"reschedule", func(ctx context.Context) error {
			return second(s.Reschedule(ctx, "j", d.Trigger, ada))
		}, "active 1 0"},
		{"cancel", func(ctx context.Context) error { return second(s.CancelAll(ctx, "j", ada)) }, "active 1 0"},
		{"remove", func(ctx context.Context) error { return second(s.Remove(ctx, "j", ada)) }, ""},
	} {
		add(t, s, d)
		storetest.Exec(t, conn, "DELETE FROM pgdue.next_run_times")
		wantOrphan(t, s)
		if err := c.do(t.Context()); err != nil {
			t.Errorf("%s: %v", c.edit, err)
		}
		got := storetest.Query[string](t, conn, `SELECT coalesce((SELECT concat_ws(' ', n.state, j.max_instances,
			(SELECT count(*) FROM pgdue.waiting_runs)) FROM pgdue.jobs j JOIN pgdue.next_run_times n ON n.job_id = j.id
			WHERE n.queue = j.executor AND n.next_run_time > pgdue.now()), '')`)
		if got != c.want {
			t.Errorf("%s leads to %q, want %q", c.edit, got, c.want)
		}
		told := storetest.Query[int](t, conn, `SELECT count(*) FROM pgdue.job_events WHERE actor = 'pgdue'
			AND reason LIKE '%was made anew%' AND before->>'state' IS NULL AND after->>'state' IS NOT NULL`)
		if told != 1 {
			t.Errorf("%s: %d events tell of a new row", c.edit, told)
		}
		storetest.Exec(t, conn, `TRUNCATE pgdue.next_run_times, pgdue.jobs, pgdue.waiting_runs, pgdue.job_events`)
	}
}

// wantOrphan wants job j to be shown with what is wrong with it.
func wantOrphan(t *testing.T, s *store.Store) {
	t.Helper()
	list, err := s.Jobs(t.Context(), "", 10)
	if err != nil || len(list) != 1 || list[0].State != job.StateBlocked ||
		!strings.Contains(list[0].Problem, "its row in pgdue.next_run_times was deleted") || list[0].Error == "" {
		t.Errorf("shown: %v %+v", err, list)
	}
}

// A finished job, and one that ada can read, are what they were; adding over a job is refused as ever.
func TestRecoverOtherJobs(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
	lose := func() { t.Helper(); storetest.Exec(t, conn, "DELETE FROM pgdue.next_run_times") }
	add(t, s, d)
	lose()
	if _, err := s.Add(t.Context(), d, job.Author{}); !errors.Is(err, job.ErrExists) {
		t.Errorf("added over a job that is there: %v", err)
	}
	if _, err := s.Pause(t.Context(), "j", job.Author{}); err != nil {
		t.Fatal(err)
	}
	lose()
	if _, err := s.CancelAll(t.Context(), "j", job.Author{}); err != nil {
		t.Fatal(err)
	}
	state := "SELECT state FROM pgdue.next_run_times"
	if got := storetest.Query[string](t, conn, state); got != "paused" {
		t.Errorf("a paused job is %s", got)
	}
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET executor = 'moon', paused_at = NULL`)
	lose()
	if _, err := s.RunNow(t.Context(), "j", "", job.Author{}); !errors.Is(err, job.ErrBlocked) {
		t.Errorf("a job that ada can read runs: %v", err)
	}
	if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
		t.Errorf("put over a job that ada can read: %v", err)
	}
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET trigger = '{"type":"date","at":"2026-01-01T00:00:00Z"}'`)
	lose()
	if _, err := s.CancelAll(t.Context(), "j", job.Author{}); err != nil {
		t.Fatal(err)
	}
	if got := storetest.Query[string](t, conn, state); got != "finished" {
		t.Errorf("a job whose only fire is over is %s", got)
	}
}

// Of several who find a job without its row at once, one makes it anew.
func TestRecoverAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
	for range 10 {
		add(t, s, d)
		storetest.Exec(t, conn, "TRUNCATE pgdue.job_events; DELETE FROM pgdue.next_run_times")
		var edits sync.WaitGroup
		for i := range 8 {
			edits.Go(func() {
				err := second(s.RunNow(t.Context(), "j", "", job.Author{}))
				if i == 0 && err == nil {
					err = second(s.Remove(t.Context(), "j", job.Author{}))
				}
				if err != nil && !errors.Is(err, job.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		edits.Wait()
		const made = "SELECT count(*) FROM pgdue.job_events WHERE reason LIKE '%was made anew%'"
		if n := storetest.Query[int](t, conn, made); n != 1 {
			t.Errorf("the row was made anew %d times", n)
		}
	}
}

// second is the error of what returns a value too.
func second[T any](_ T, err error) error { return err }
