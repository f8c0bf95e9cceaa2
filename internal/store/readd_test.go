package store_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/why"
)

// A finished one-off is added again while its run still runs: the instance counts for the new job, whose fire is
// skipped with the instance, since when and what would be enough; then the run ends, and the new job is still there.
func TestReAddedWhileItsRunEnds(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	d := storetest.Job(t, "123", `{"type":"date"}`)
	first := add(t, s, d)
	tick(t, n)
	if o, err := s.Job(t.Context(), "123"); err != nil || o.State != job.StateFinished || o.Running != 1 {
		t.Fatalf("after its only fire: %+v, %v", o, err)
	}
	second := add(t, s, d)
	if second.CreatedRevision == first.CreatedRevision || second.Running != 1 {
		t.Errorf("the added job: revision %d after %d, %d running", second.CreatedRevision, first.CreatedRevision,
			second.Running)
	}
	tick(t, n)
	run := job.RunID("123", first.CreatedRevision, first.NextRunTime, job.CauseSchedule)
	sentence := storetest.Query[string](t, conn,
		"SELECT sentence FROM pgdue.run_history WHERE reason = 'max_instances'")
	for _, want := range []string{"maximum number of running instances reached (1)",
		"run " + run.String() + " has been running since", "max_instances "} {
		if !strings.Contains(sentence, want) {
			t.Errorf("sentence %q lacks %q", sentence, want)
		}
	}
	third := add(t, s, storetest.Job(t, "123", `{"type":"interval","every":"1h"}`))
	close(gate)
	finish(t, n)
	o, err := s.Job(t.Context(), "123")
	if err != nil || o.State != job.StateActive || o.CreatedRevision != third.CreatedRevision || o.Running != 0 {
		t.Errorf("after the end of the first run: %+v, %v", o, err)
	}
	if got := storetest.Query[string](t, conn,
		"SELECT string_agg(outcome, ' ' ORDER BY ended_at) FROM pgdue.run_history"); got != "skipped succeeded" {
		t.Errorf("history is %q", got)
	}
}

// A finished job goes after 24 hours; not while its run still runs, and not when its id was added again in the
// meantime.
func TestFinishedJobIsRemovedAfterADay(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	defer close(gate)
	quick, long := newNode(t, s, &work{}), newNode(t, s, &work{gate: gate})
	for id, n := range map[string]*scheduler.Scheduler{"gone": quick, "re-added": quick, "running": long} {
		add(t, s, storetest.Job(t, id, `{"type":"date"}`))
		tick(t, n)
	}
	finish(t, quick)
	jobs := func(want string) {
		t.Helper()
		got := storetest.Query[string](t, conn,
			"SELECT coalesce(string_agg(id || ' ' || state, ', ' ORDER BY id), '') FROM pgdue.jobs JOIN "+
				"pgdue.next_run_times ON job_id = id")
		if got != want {
			t.Errorf("jobs are %q, want %q", got, want)
		}
	}
	tickAt(t, url, 23*time.Hour)
	jobs("gone finished, re-added finished, running finished")
	add(t, s, storetest.Job(t, "re-added", `{"type":"interval","every":"1000h"}`))
	tickAt(t, url, 25*time.Hour)
	jobs("re-added active, running finished")
	if _, err := s.Job(t.Context(), "gone"); err != job.ErrNotFound {
		t.Errorf("the removed job: %v", err)
	}
	if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history WHERE job_id = 'gone'"); got != 1 {
		t.Errorf("%d records of the removed job, want 1", got)
	}
}

// tickAt lets a node look at the jobs by a clock that is so much ahead.
func tickAt(t *testing.T, url string, ahead time.Duration) {
	t.Helper()
	tick(t, newNode(t, storeAt(t, url, ahead), &work{}))
}

// storeAt is a Store whose database's clock is so much ahead.
func storeAt(t *testing.T, url string, ahead time.Duration) *store.Store {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["pgdue.clock_offset"] = ahead.String()
	s, err := store.OpenConfig(t.Context(), config, store.Access{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A look that finds a job finished, and an adding of the same id, exclude each other: the look that comes second finds
// the new job.
func TestReAddedWhileItsRemovalIsDecided(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	n := newNode(t, s, &work{})
	d := storetest.Job(t, "j", `{"type":"date"}`)
	add(t, s, d)
	tick(t, n)
	finish(t, n)
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = pgdue.now()")

	f := freeze(t, s) // has found it finished, and will remove it
	added := make(chan error, 1)
	go func() {
		_, err := s.Add(t.Context(), d, job.Author{})
		added <- err
	}()
	storetest.Await(t, conn, "the adding to wait for the look",
		"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')")
	close(f.goOn)
	if err := <-f.err; err != nil {
		t.Fatal("look: ", err)
	}
	if err := <-added; err != nil {
		t.Fatal("add: ", err)
	}
	if o, err := s.Job(t.Context(), "j"); err != nil || o.State != job.StateActive {
		t.Errorf("the added job: %+v, %v", o, err)
	}
}

// The run of a job that is removed goes on, is recorded when it ends, and counts for a later job of that id; when its
// node dies instead, it is recorded as lost.
func TestRunOutlivesItsJob(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		url := storetest.URL(t)
		s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
		gate := make(chan struct{})
		n := &scheduler.Scheduler{Store: s, Executor: &work{gate: gate}, Log: slog.New(slog.DiscardHandler)}
		if err := n.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := storetest.Job(t, "j", `{"type":"date"}`)
		add(t, s, d)
		tick(t, n)
		if _, err := s.Remove(t.Context(), "j", job.Author{}); err != nil {
			t.Fatal(err)
		}
		want := "succeeded"
		if dies {
			want = "lost"
			takeOverAll(t, s, conn)
		}
		close(gate)
		finish(t, n)
		if got := storetest.Query[string](t, conn,
			"SELECT string_agg(outcome, ' ') FROM pgdue.run_history"); got != want {
			t.Errorf("history is %q, want %q", got, want)
		}
		if o := add(t, s, d); o.Running != 0 {
			t.Errorf("%d instances are left", o.Running)
		}
	}
}

// takeOverAll takes over the one node there is.
func takeOverAll(t *testing.T, s *store.Store, conn *pgx.Conn) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT id, name, alive, beat, false AS orphan FROM pgdue.nodes")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[job.Peer])
	if err != nil {
		t.Fatal(err)
	}
	if marked, err := s.MarkDead(t.Context(), p); err != nil || !marked {
		t.Fatal("mark dead: ", marked, err)
	}
	if _, done, err := s.TakeOver(t.Context(), p, 10); err != nil || !done {
		t.Fatal("take over: ", done, err)
	}
}

// Who adds a job again when it has finished is known, and no longer once somebody has removed it.
func TestWhyKnowsWhoAddsAJobAgain(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	d := storetest.Job(t, "123", `{"type":"date"}`)
	n := newNode(t, s, &work{})
	by := func(who string) why.Added {
		t.Helper()
		if _, err := s.Add(t.Context(), d, job.Author{Actor: who}); err != nil {
			t.Fatal(err)
		}
		tick(t, n)
		f, err := s.Why(t.Context(), "123", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return f.Added
	}
	if got := by("ada"); got != (why.Added{}) {
		t.Errorf("added once: %+v", got)
	}
	if got := by("job add-123"); got.By != "job add-123" || got.At.IsZero() || got.After <= 0 {
		t.Errorf("added again: %+v", got)
	}
	if _, err := s.Remove(t.Context(), "123", job.Author{}); err != nil {
		t.Fatal(err)
	}
	if got := by("eve"); got != (why.Added{}) {
		t.Errorf("added after it was removed: %+v", got)
	}
}
