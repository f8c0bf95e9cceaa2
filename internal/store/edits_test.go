package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A fire that was skipped ahead never begins, however many claim at the moment of its time; it has one record, and the
// one after it fires.
func TestSkippedFireNeverBegins(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "s", `{"type":"interval","every":"1h"}`))
	first := storetest.Query[time.Time](t, conn, "SELECT next_run_time FROM pgdue.next_run_times")
	o, err := s.SkipNext(t.Context(), "s", job.Author{Actor: "ada", Reason: "holiday"})
	if err != nil || !o.After.LastRunTime.Equal(first) || !o.After.NextRunTime.Equal(first.Add(time.Hour)) {
		t.Fatalf("skipped %s, next %s, %v", o.After.LastRunTime, o.After.NextRunTime, err)
	}
	w := &work{}
	tick(t, newNode(t, storeAt(t, url, 61*time.Minute), w))
	if ran := len(w.executed()); ran != 0 {
		t.Errorf("%d runs at the time of the fire that was skipped", ran)
	}
	later := newNode(t, storeAt(t, url, 121*time.Minute), w)
	tick(t, later)
	finish(t, later)
	got := storetest.Query[string](t, conn, `SELECT string_agg(format('%s %s %s', outcome, coalesce(reason || ': ' || sentence, ''), scheduled_run_time - $1), '; '
		ORDER BY scheduled_run_time) FROM pgdue.run_history WHERE final`, first)
	if want := "skipped rescheduled: was skipped ahead by ada: holiday 00:00:00; succeeded  01:00:00"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
}

// Many skip, move and claim at once: no fire time has two final records, and none is both recorded and run.
func TestSkipsAndClaimsDecideEachFireOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "s", `{"type":"interval","every":"10ms"}`)
	d.MaxInstances, d.Coalesce = 100, job.CoalesceAll
	add(t, s, d)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	var all sync.WaitGroup
	var skips atomic.Int64
	nodes := []*scheduler.Scheduler{newNode(t, s, &work{}), newNode(t, s, &work{})}
	for _, n := range nodes {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := n.Tick(t.Context()); err != nil {
					t.Error("tick: ", err)
				}
				n.Flush(t.Context())
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.SkipNext(t.Context(), "s", job.Author{}); err != nil {
					t.Error("skip: ", err)
				}
				skips.Add(1)
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.MoveNext(t.Context(), "s", time.Now().Add(25*time.Millisecond), job.Author{}); err != nil &&
				!errors.Is(err, job.ErrInvalid) {
				t.Error("move: ", err)
			}
		}
	})
	all.Wait()
	for _, n := range nodes {
		finish(t, n)
	}
	if ran := storetest.Query[int64](t, conn,
		"SELECT count(*) FROM pgdue.run_history WHERE outcome = 'succeeded'"); ran == 0 || skips.Load() == 0 {
		t.Fatalf("%d runs, %d skips: nothing met", ran, skips.Load())
	}
	checkFatesOnce(t, conn)
}

// checkFatesOnce fails where a fire time has two final records: by its run, or by the spans of the records.
func checkFatesOnce(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	if twice := storetest.Query[int](t, conn, `SELECT count(*) FROM (SELECT FROM pgdue.run_history WHERE final AND cause = 'schedule'
		GROUP BY job_id, run_id HAVING count(*) > 1) r`); twice > 0 {
		t.Errorf("%d runs have two final records", twice)
	}
	if overlap := storetest.Query[int](t, conn, `SELECT count(*) FROM (
		SELECT first_run_time, lag(last_run_time) OVER (PARTITION BY job_id ORDER BY first_run_time, last_run_time) AS before
		FROM pgdue.run_history WHERE final AND cause = 'schedule') r WHERE first_run_time <= before`); overlap > 0 {
		t.Errorf("%d records stand for fire times of another one", overlap)
	}
}

// A fire that is moved begins then, and the trigger's own follow; of those that it passes over none is left without its
// record.
func TestMovedFireBeginsThen(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	o := add(t, s, storetest.Job(t, "m", `{"type":"interval","every":"1h"}`))
	to := o.NextRunTime.Add(2*time.Hour + 20*time.Minute)
	if o, err := s.MoveNext(t.Context(), "m", to, job.Author{Actor: "ada", Reason: "late figures"}); err != nil ||
		!o.After.NextRunTime.Equal(to) || !o.After.DueAt.Equal(to) {
		t.Fatalf("next %s, due %s, %v", o.After.NextRunTime, o.After.DueAt, err)
	}
	w := &work{}
	tick(t, newNode(t, storeAt(t, url, 3*time.Hour+10*time.Minute), w))
	if len(w.executed()) != 0 {
		t.Error("a fire that was passed over began")
	}
	later := newNode(t, storeAt(t, url, 3*time.Hour+30*time.Minute), w)
	tick(t, later)
	finish(t, later)
	if len(w.executed()) != 1 {
		t.Errorf("%d runs at the moved time", len(w.executed()))
	}
	got := storetest.Query[string](t, conn, `SELECT string_agg(format('%s %s ×%s', outcome, reason, fire_count), '; ' ORDER BY scheduled_run_time)
		FROM pgdue.run_history`)
	if want := "skipped rescheduled ×3; succeeded  ×1"; got != want {
		t.Errorf("history is %q, want %q", got, want)
	}
	if o, err := s.Job(t.Context(), "m"); err != nil || !o.NextRunTime.Equal(o.Anchor.Add(4*time.Hour)) {
		t.Errorf("next run time is %s, anchored %s; %v", o.NextRunTime, o.Anchor, err)
	}
}

// An edit that was made from a revision that is not there any more changes nothing.
func TestModifyOfAnotherRevision(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	d := storetest.Job(t, "r", `{"type":"date"}`)
	first := add(t, s, d)
	d.MaxInstances = 2
	second, err := s.Modify(t.Context(), "r", first.Revision, d, job.Author{})
	if err != nil || second.After.MaxInstances != 2 || !second.After.Anchor.Equal(first.Anchor) ||
		!second.After.NextRunTime.Equal(first.NextRunTime) {
		t.Fatalf("modified to %+v, %v", second, err)
	}
	if same, err := s.Modify(t.Context(), "r", second.After.Revision, d, job.Author{}); err != nil ||
		same.After.Revision != second.After.Revision {
		t.Errorf("an equal definition: revision %d after %d, %v", same.After.Revision, second.After.Revision, err)
	}
	d.MaxInstances = 3
	if _, err := s.Modify(t.Context(), "r", first.Revision, d, job.Author{}); !errors.Is(err, job.ErrChanged) {
		t.Errorf("from the first revision: %v", err)
	}
	if o, err := s.Job(t.Context(), "r"); err != nil || o.MaxInstances != 2 {
		t.Errorf("max_instances is %d, %v", o.MaxInstances, err)
	}
	if _, err := s.Modify(t.Context(), "nobody", 1, d, job.Author{}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("of no job: %v", err)
	}
}
