package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// folding is a database with a job whose successes are folded and one whose are not. Its clock stands at ten past
// twelve.
type folding struct {
	url  string
	conn *pgx.Conn
	s    *store.Store
}

func newFolding(t *testing.T) folding {
	t.Helper()
	url := storetest.NewURL(t)
	conn := storetest.Conn(t, url)
	storetest.Exec(t, conn, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET pgdue.clock_offset = %L', current_database(),
		date_trunc('day', now(), 'UTC') + interval '12:10' - now()); END $$`)
	f := folding{url, storetest.Conn(t, url), storetest.OpenURL(t, url)}
	for id, history := range map[string]string{"terse": job.HistoryErrors, "full": job.HistoryAll} {
		d := storetest.Job(t, id, `{"type":"interval","every":"1h"}`)
		d.History = history
		add(t, f.s, d)
	}
	return f
}

// record writes a row of a run that was to begin at a time of today and took ten seconds.
func (f folding) record(t *testing.T, job, at, outcome string, attempt int, final bool, cause string) {
	t.Helper()
	storetest.Exec(t, f.conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, reason, sentence,
		started_at, ended_at, first_run_time, last_run_time, job_revision)
		SELECT $1, md5($1 || $2::text || $6)::uuid, $4, $5, $6, at, $3, CASE $3 WHEN 'skipped' THEN 'misfire' END, $3, at, at + interval '10 s', at, at, 1
		FROM (SELECT date_trunc('day', now(), 'UTC') + $2::text::interval AS at) a`, job, at, outcome, attempt, final, cause)
}

// rows lists what is recorded of a job, in the order of the ends.
func (f folding) rows(t *testing.T, job string) string {
	t.Helper()
	return storetest.Query[string](t, f.conn, `SELECT string_agg(format('%s %s×%s %s–%s ended %s', cause, outcome, fire_count,
		to_char(first_run_time AT TIME ZONE 'UTC', 'HH24:MI'), to_char(last_run_time AT TIME ZONE 'UTC', 'HH24:MI'),
		to_char(ended_at AT TIME ZONE 'UTC', 'HH24:MI:SS')), E'\n' ORDER BY ended_at, run_id) FROM pgdue.run_history WHERE job_id = $1`, job)
}

// The successes of an hour that is over become one row per cause. Failures, skips, runs that needed two attempts, an
// hour with one success, the present hour and a job with all its history stay as they are; and again changes nothing.
func TestSuccessesOfAnHourAreFolded(t *testing.T) {
	t.Parallel()
	f := newFolding(t)
	for _, at := range []string{"10:00", "10:20", "10:59", "09:30", "12:01", "12:02"} {
		f.record(t, "terse", at, "succeeded", 1, true, "schedule")
		f.record(t, "full", at, "succeeded", 1, true, "schedule")
	}
	f.record(t, "terse", "10:05", "succeeded", 1, true, "manual")
	f.record(t, "terse", "10:06", "succeeded", 1, true, "manual")
	f.record(t, "terse", "10:30", "failed", 1, true, "schedule")
	f.record(t, "terse", "10:40", "failed", 1, false, "schedule")
	f.record(t, "terse", "10:41", "succeeded", 2, true, "schedule")
	f.record(t, "terse", "10:45", "skipped", 1, true, "schedule")
	full := f.rows(t, "full")

	if h := maintain(t, f.s); h.Folded != 5 || h.More {
		t.Errorf("%+v, want 5 rows folded", h)
	}
	const want = `schedule succeeded×1 09:30–09:30 ended 09:30:10
manual succeeded×2 10:05–10:06 ended 10:06:10
schedule failed×1 10:30–10:30 ended 10:30:10
schedule failed×1 10:40–10:40 ended 10:40:10
schedule succeeded×1 10:41–10:41 ended 10:41:10
schedule skipped×1 10:45–10:45 ended 10:45:10
schedule succeeded×3 10:00–10:59 ended 10:59:10
schedule succeeded×1 12:01–12:01 ended 12:01:10
schedule succeeded×1 12:02–12:02 ended 12:02:10`
	if got := f.rows(t, "terse"); got != want {
		t.Errorf("folded:\n%s\nwant:\n%s", got, want)
	}
	if got := f.rows(t, "full"); got != full {
		t.Errorf("the other job's:\n%s\nwant:\n%s", got, full)
	}
	got := storetest.Query[string](t, f.conn, `SELECT format('%s; final %s, attempt %s, started %s, run of %s', sentence, final, attempt, started_at IS NOT NULL,
		CASE run_id WHEN md5('terse10:00schedule')::uuid THEN '10:00' END) FROM pgdue.run_history WHERE fire_count = 3`)
	day := storetest.Query[string](t, f.conn, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")
	if want := "3 runs between " + day +
		" 10:00 and 11:00 UTC succeeded; history is errors; final t, attempt 1, started f, run of 10:00"; got != want {
		t.Errorf("row: %s\nwant: %s", got, want)
	}
	if h := maintain(t, f.s); h.Folded != 0 || f.rows(t, "terse") != want {
		t.Errorf("again: %+v\n%s", h, f.rows(t, "terse"))
	}

	f.record(t, "terse", "10:10", "succeeded", 1, true, "schedule") // its commit came late
	maintain(t, f.s)
	if got := f.rows(t, "terse"); got != strings.Replace(want, "×3", "×4", 1) {
		t.Errorf("after a straggler:\n%s", got)
	}
}

// What a job's overview tells of its last run, and what a skip tells of its durations, survive.
func TestFoldedRowsDisturbNothing(t *testing.T) {
	t.Parallel()
	f := newFolding(t)
	f.record(t, "terse", "05:00", "failed", 1, true, "schedule")
	for hour := 6; hour < 12; hour++ {
		f.record(t, "terse", fmt.Sprintf("%02d:10", hour), "succeeded", 1, true, "schedule")
		f.record(t, "terse", fmt.Sprintf("%02d:20", hour), "succeeded", 1, true, "schedule")
	}
	before, err := f.s.Job(t.Context(), "terse")
	if err != nil {
		t.Fatal(err)
	}
	maintain(t, f.s)
	after, err := f.s.Job(t.Context(), "terse")
	if err != nil || after.LastOutcome != before.LastOutcome || after.LastOutcome != string(job.Succeeded) ||
		!after.LastEndedAt.Equal(before.LastEndedAt) {
		t.Errorf("overview %+v, %v; before %+v", after, err, before)
	}
	storetest.Exec(t, f.conn, "UPDATE pgdue.next_run_times SET next_run_time = pgdue.now()")
	storetest.Exec(t, f.conn, `INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, started_at, job_revision, fire_count, first_run_time, last_run_time)
		SELECT 'terse', gen_random_uuid(), pgdue.now(), 'manual', 1, pgdue.now(), 1, 1, pgdue.now(), pgdue.now()`)
	claim, err := f.s.Claim(t.Context(), one(registered(t, f.s, "me")), plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range claim.Decided {
		if d.Job.ID == "terse" && d.Pace.Longest != 10*time.Second {
			t.Errorf("recent duration %s, want that of the failed run", d.Pace.Longest)
		}
	}
}

// Several nodes that fold at once, while rows go on to come, count each fire time once.
func TestFoldingAtOnceCountsEachRunOnce(t *testing.T) {
	t.Parallel()
	f := newFolding(t)
	const runs = 600
	insert := `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, started_at, ended_at,
		first_run_time, last_run_time, job_revision)
		SELECT 'terse', gen_random_uuid(), 1, true, 'schedule', at, 'succeeded', '', at, at + interval '1 s', at, at, 1
		FROM (SELECT date_trunc('day', now(), 'UTC') + interval '8 h' + n * interval '20 s' AS at FROM generate_series($1::int, $2::int - 1) AS n) a`
	storetest.Exec(t, f.conn, insert, 0, runs/2)
	var all sync.WaitGroup
	for range 4 {
		other := storetest.OpenURL(t, f.url)
		all.Go(func() {
			for range 5 {
				if _, err := other.Maintain(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := runs / 2; n < runs; n += 10 {
		storetest.Exec(t, f.conn, insert, n, n+10)
	}
	all.Wait()
	maintain(t, f.s)
	if got := storetest.Query[string](t, f.conn,
		"SELECT count(*) || ' rows, ' || sum(fire_count) || ' runs' FROM "+
			"pgdue.run_history"); got != fmt.Sprintf("4 rows, %d runs", runs) {
		t.Errorf("%s, want 4 rows, %d runs", got, runs)
	}
}

// An end whose commit got no answer for so long that its row was folded meanwhile is not recorded once more.
func TestEndInDoubtAfterItsRowWasFolded(t *testing.T) {
	t.Parallel()
	f := newFolding(t)
	for _, at := range []string{"10:00", "10:20", "10:40"} {
		f.record(t, "terse", at, "succeeded", 1, true, "schedule")
	}
	maintain(t, f.s)
	me := registered(t, f.s, "me")
	at := storetest.Query[time.Time](t, f.conn, "SELECT date_trunc('day', now(), 'UTC') + interval '10:20'")
	end := job.Record{Run: job.Run{JobID: "terse", RunID: runIDOf(t, f.conn, "terse10:20schedule"),
		Cause: job.CauseSchedule, ScheduledRunTime: at, Attempt: 1, JobRevision: 1},
		Final: true, Outcome: job.Succeeded, Sentence: "succeeded", StartedAt: at, NodeID: me.ID, Node: me.Name}
	if done, err := f.s.Complete(t.Context(), []job.Record{end}); err != nil || len(done) != 0 {
		t.Errorf("recorded %+v, %v", done, err)
	}
	if got := f.rows(t, "terse"); got != "schedule succeeded×3 10:00–10:40 ended 10:40:10" {
		t.Errorf("history:\n%s", got)
	}
}

func runIDOf(t *testing.T, conn *pgx.Conn, of string) (id [16]byte) {
	t.Helper()
	return storetest.Query[[16]byte](t, conn, "SELECT md5($1)::uuid", of)
}
