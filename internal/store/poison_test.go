package store_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// refuse is a trigger of the database that does something for the job "bad" alone.
const refuse = `
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN IF NEW.job_id = 'bad' THEN %s END IF; RETURN NEW; END $$;
	CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON pgdue.%s FOR EACH ROW EXECUTE FUNCTION refuse()`

var poisons = []struct {
	name, poison, cure string
	problem            string // what job_overview says of it
}{
	{"trigger damaged", `UPDATE pgdue.jobs SET trigger = '{"type": "sundial"}' WHERE id = 'bad'`, "SELECT",
		"pgdue.jobs.trigger is not a trigger"},
	{"payload damaged", `UPDATE pgdue.jobs SET payload = 'null' WHERE id = 'bad'`, "SELECT",
		"pgdue.jobs.payload cannot be read"},
	{"policy of another version", `UPDATE pgdue.jobs SET retry_on = '{moonlight}' WHERE id = 'bad'`, "SELECT",
		`retry_on[0]: "moonlight" is none of`},
	{"labels damaged", `UPDATE pgdue.jobs SET labels = '{"team": 7}' WHERE id = 'bad'`, "SELECT",
		"pgdue.jobs.labels are not names with texts"},
	{"instance refused", fmt.Sprintf(refuse, "RAISE EXCEPTION 'not this one';", "running_instances"),
		"DROP TRIGGER refuse ON pgdue.running_instances", "not this one"},
	{"instance dropped", fmt.Sprintf(refuse, "RETURN NULL;", "running_instances"),
		"DROP TRIGGER refuse ON pgdue.running_instances", "begin runs: 0 rows changed instead of 1"},
	{"next run time refused", fmt.Sprintf(refuse,
		"IF NEW.state <> 'blocked' THEN RAISE EXCEPTION 'not that time'; END IF;", "next_run_times"),
		"DROP TRIGGER refuse ON pgdue.next_run_times", "not that time"},
}

// manySlots is a node that claims all jobs of these tests in one batch. It keeps its lease, since one by one they may
// take longer than that where the machine is busy.
func manySlots(t *testing.T, s *store.Store) *scheduler.Scheduler {
	t.Helper()
	n := &scheduler.Scheduler{Store: s, Executor: &work{}, Log: slog.New(slog.DiscardHandler), Slots: 300, Batch: 300}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lease sync.WaitGroup
	lease.Go(func() { n.KeepLease(t.Context()) })
	t.Cleanup(lease.Wait)
	return n
}

// One bad row among two hundred: the others run, it is blocked and says why, and putting it again makes it run.
func TestPoisonedJobIsBlockedAlone(t *testing.T) {
	t.Parallel()
	for _, p := range poisons {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
			bad := addGoodAndBad(t, conn, s.Add)
			storetest.Exec(t, conn, p.poison)
			n := manySlots(t, s)
			tick(t, n)
			finish(t, n)
			wantRan(t, conn, 200)
			var state, problem string
			var due *time.Time
			if err := conn.QueryRow(t.Context(),
				"SELECT state, coalesce(problem, ''), due_at FROM pgdue.job_overview WHERE job_id = 'bad'").Scan(&state,
				&problem, &due); err != nil {
				t.Fatal(err)
			}
			if state != "blocked" || due != nil || !strings.Contains(problem, p.problem) {
				t.Errorf("state %s, due %v, problem %q; want blocked, never due, %q", state, due, problem, p.problem)
			}
			if list, err := s.Jobs(t.Context(), "", 1000); err != nil || len(list) != 201 {
				t.Errorf("list of jobs: %d, %v", len(list), err)
			}

			if p.cure != "SELECT" {
				storetest.Exec(t, conn, p.cure)
			}
			if o, err := s.Put(t.Context(), bad, job.Author{}); err != nil || o.After.State != job.StateActive ||
				overview(t, s, "bad").Problem != "" {
				t.Fatalf("put: %+v, %v", o, err)
			}
			tick(t, n)
			finish(t, n)
			wantRan(t, conn, 201)
		})
	}
}

// unreadables are values that stand in a table and have no place in Go, or cannot be reckoned with.
var unreadables = []struct{ name, poison string }{
	{"creation of the job", "ALTER TABLE pgdue.jobs DROP CONSTRAINT times_are_in_range; UPDATE pgdue.jobs SET " +
		"created_at = 'infinity' WHERE id = 'bad'"},
	{"start of an instance", `ALTER TABLE pgdue.running_instances DROP CONSTRAINT times_are_in_range;
		INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, started_at, job_revision, fire_count, first_run_time, last_run_time)
		VALUES ('bad', gen_random_uuid(), now(), 'manual', 1, '-infinity', 1, 1, now(), now())`},
	{"creation of a waiting run", `ALTER TABLE pgdue.waiting_runs DROP CONSTRAINT times_are_in_range;
		INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, fire_count, first_run_time, last_run_time)
		VALUES ('bad', gen_random_uuid(), now(), 'manual', 'infinity', 1, now(), now())`},
}

// What cannot even be read stops nobody else either.
func TestUnreadableJobIsBlockedAlone(t *testing.T) {
	t.Parallel()
	for _, u := range unreadables {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
			addGoodAndBad(t, conn, s.Add)
			storetest.Exec(t, conn, u.poison)
			n := manySlots(t, s)
			tick(t, n)
			finish(t, n)
			wantRan(t, conn, 200)
			if state := storetest.Query[string](t, conn,
				"SELECT state FROM pgdue.next_run_times WHERE job_id = 'bad'"); state != "blocked" {
				t.Errorf("the job is %s, want blocked", state)
			}
		})
	}
}

// A job that cannot even be blocked is in nobody's way, and is not looked at without a pause.
func TestJobThatCannotBeBlocked(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	addGoodAndBad(t, conn, s.Add)
	storetest.Exec(t, conn, fmt.Sprintf(refuse, "RAISE EXCEPTION 'nothing at all';", "next_run_times"))
	n := manySlots(t, s)
	next, err := n.Tick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if wait := time.Until(next); wait < 500*time.Millisecond {
		t.Errorf("the next look is in %s", wait)
	}
	finish(t, n)
	wantRan(t, conn, 200)
}

// Times without a number, which would stop a whole queue, are refused at the table.
func TestInfiniteTimesAreRefused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
	for _, statement := range []string{
		"UPDATE pgdue.next_run_times SET next_run_time = 'infinity'",
		"UPDATE pgdue.next_run_times SET due_at = '-infinity'",
		"UPDATE pgdue.next_run_times SET last_run_time = 'infinity'", "UPDATE pgdue.jobs SET anchor = 'infinity'",
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("accepted: %s", statement)
		}
	}
}

// addGoodAndBad adds 200 good jobs and the job "bad" in their middle, all due at once.
func addGoodAndBad(t *testing.T, conn *pgx.Conn, add addFunc) (bad job.Definition) {
	t.Helper()
	bad = storetest.Job(t, "bad", `{"type":"date"}`)
	if _, err := add(t.Context(), bad, job.Author{}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"jobs", "next_run_times"} {
		copyRows(t, conn, table)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = pgdue.now() - random() * interval '1 minute'")
	return bad
}

// copyRows copies the row of the job "bad" under 200 other names.
func copyRows(t *testing.T, conn *pgx.Conn, table string) {
	t.Helper()
	id := map[string]string{"jobs": "id", "next_run_times": "job_id"}[table]
	storetest.Exec(t, conn, fmt.Sprintf(`INSERT INTO pgdue.%[1]s
		SELECT (jsonb_populate_record(b, jsonb_build_object('%[2]s', 'good-' || n))).* FROM pgdue.%[1]s b, generate_series(1, 200) n`, table, id))
}

func wantRan(t *testing.T, conn *pgx.Conn, jobs int) {
	t.Helper()
	if got := storetest.Query[int](t, conn,
		"SELECT count(DISTINCT job_id) FROM pgdue.run_history WHERE outcome = 'succeeded'"); got != jobs {
		t.Errorf("%d jobs ran, want %d", got, jobs)
	}
}
