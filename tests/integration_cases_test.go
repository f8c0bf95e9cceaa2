package tests

import (
	"context"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

func migrateAtOnce(t *testing.T, s server) {
	db := s.database(t)
	var g errgroup.Group
	for range 4 {
		process := storetest.OpenConfig(t, db)
		g.Go(func() error { return process.Migrate(t.Context(), quiet()) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := storetest.OpenConfig(t, db).CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	twice := list[int64](t, storetest.Connect(t, db),
		"SELECT version_id FROM pgdue.goose_db_version GROUP BY version_id HAVING count(*) > 1")
	if len(twice) > 0 {
		t.Errorf("migrations %v were applied more than once", twice)
	}
}

// migrateByScript compares what psql makes of the script with what Migrate makes, and lets Migrate look at the former.
func migrateByScript(t *testing.T, s server) {
	script, err := store.MigrationSQL()
	if err != nil {
		t.Fatal(err)
	}
	byHand := s.database(t)
	rows := storetest.Connect(t, byHand)
	if _, err := rows.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
		t.Fatal(err)
	}
	made := schema(t, rows)
	byProcess := s.database(t)
	if err := storetest.OpenConfig(t, byProcess).Migrate(t.Context(), quiet()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(schema(t, storetest.Connect(t, byProcess)), made); diff != "" {
		t.Errorf("the script makes other tables than migrate (-migrate +script):\n%s", diff)
	}
	process := storetest.OpenConfig(t, byHand)
	if err := process.Migrate(t.Context(), quiet()); err != nil {
		t.Fatal(err)
	}
	if err := process.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(made, schema(t, rows)); diff != "" {
		t.Errorf("migrate changes what the script made (-script +migrate):\n%s", diff)
	}
}

// schema describes the objects of our schema but the partitions of single days, which are made as days pass, and the
// table that goose keeps.
func schema(t *testing.T, rows *pgx.Conn) []string {
	t.Helper()
	return list[string](t, rows, `
		WITH relations AS (
		    SELECT oid AS rel, relname, relkind, reloptions FROM pg_class
		    WHERE relnamespace = 'pgdue'::regnamespace AND relname !~ '^(run_history_[0-9]|goose_)'
		)
		SELECT format('%s %s %s: %s', relkind, relname, reloptions, obj_description(rel, 'pg_class')) AS what FROM relations
		UNION ALL
		SELECT format('column %s.%s %s %s %s: %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
		              pg_get_expr(adbin, adrelid), col_description(rel, attnum))
		FROM relations JOIN pg_attribute ON attrelid = rel AND attnum > 0 LEFT JOIN pg_attrdef ON adrelid = rel AND adnum = attnum
		UNION ALL
		SELECT format('constraint %s %s %s', relname, conname, pg_get_constraintdef(c.oid)) FROM relations JOIN pg_constraint c ON conrelid = rel
		UNION ALL
		SELECT pg_get_indexdef(rel) FROM relations WHERE relkind IN ('i', 'I')
		UNION ALL
		SELECT format('view %s %s', relname, pg_get_viewdef(rel)) FROM relations WHERE relkind = 'v'
		UNION ALL
		SELECT format('%s: %s', pg_get_functiondef(oid), obj_description(oid, 'pg_proc')) FROM pg_proc WHERE pronamespace = 'pgdue'::regnamespace
		ORDER BY what`)
}

func runDateJob(t *testing.T, s server) {
	sys := newSystem(t, s)
	_, stop := sys.start(t, "one", sleeps(time.Millisecond))
	sys.add(t, "once", `{"type":"date"}`, 1)
	storetest.Await(t, sys.rows, "the run's end", "SELECT EXISTS (SELECT FROM pgdue.run_history)")
	stop()

	got := list[string](t, sys.rows, `
		SELECT format('%s: attempt %s %s final=%s in time=%s by %s; job %s, next %s', h.job_id, h.attempt, h.outcome, h.final,
		              h.scheduled_run_time = j.anchor AND h.started_at >= j.anchor AND h.ended_at >= h.started_at,
		              split_part(h.node, '/', 1), n.state, coalesce(n.next_run_time::text, 'never'))
		FROM pgdue.run_history h JOIN pgdue.jobs j ON j.id = h.job_id JOIN pgdue.next_run_times n ON n.job_id = j.id`)
	want := []string{"once: attempt 1 succeeded final=t in time=t by one; job finished, next never"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if left := list[string](t, sys.rows,
		"SELECT job_id FROM pgdue.running_instances UNION ALL SELECT name FROM pgdue.nodes"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func runIntervalJob(t *testing.T, s server) {
	sys := newSystem(t, s)
	sys.add(t, "tick", `{"type":"interval","every":"500ms"}`, 1)
	_, stop := sys.start(t, "one", sleeps(time.Millisecond))
	storetest.Await(t, sys.rows, "four runs", "SELECT count(*) >= 4 FROM pgdue.run_history WHERE outcome = 'succeeded'")
	stop()

	invariant.Hold(t, sys.rows, invariant.SteadyClock, invariant.Stopped)
}

func skipAtLimit(t *testing.T, s server) {
	sys := newSystem(t, s)
	sys.add(t, "slow", `{"type":"interval","every":"300ms"}`, 1)
	first := newHeld()
	_, stop := sys.start(t, "keeper", first)
	storetest.Await(t, sys.rows, "two skips",
		"SELECT count(*) >= 2 FROM pgdue.run_history WHERE reason = 'max_instances'")
	first.release()
	storetest.Await(t, sys.rows, "a run after the held one",
		"SELECT count(*) >= 2 FROM pgdue.run_history WHERE outcome = 'succeeded'")
	stop()

	invariant.Hold(t, sys.rows, invariant.SteadyClock, invariant.Stopped)
	want := regexp.MustCompile(`^maximum number of running instances reached \(1\): run ` + first.runID().String() +
		` has been running since \d{4}-\d\d-\d\d [\d:.]+ UTC \([\d.]+m?s\) on keeper/[0-9a-f]{4}; ` +
		`.*max_instances \d+ .*a run has taken [\d.]+m?s so far, a fire comes every 300ms.*$`)
	got := storetest.Query[string](t, sys.rows, `
		SELECT sentence FROM pgdue.run_history WHERE reason = 'max_instances' ORDER BY scheduled_run_time LIMIT 1`)
	if !want.MatchString(got) {
		t.Errorf("the skip says %q, want %s", got, want)
	}
}

// shareFires gives two nodes more work than one of them has slots for.
func shareFires(t *testing.T, s server) {
	const every = 200 * time.Millisecond
	sys := newSystem(t, s)
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		sys.add(t, id, `{"type":"interval","every":"200ms"}`, 2)
	}
	var mu sync.Mutex
	var done []string
	counted := work{job.KindExec.Name, func(ctx context.Context, a job.Attempt) job.Result {
		mu.Lock()
		done = append(done, a.RunID.String())
		mu.Unlock()
		return sleeps(every).do(ctx, a)
	}}
	_, stopOne := sys.start(t, "one", counted)
	_, stopOther := sys.start(t, "other", counted)
	storetest.Await(t, sys.rows, "twelve runs on each node", `
		SELECT count(*) = 2 FROM (SELECT FROM pgdue.run_history WHERE outcome = 'succeeded' GROUP BY node HAVING count(*) >= 12) nodes`)
	stopOne()
	stopOther()

	invariant.Hold(t, sys.rows, invariant.SteadyClock, invariant.Stopped)
	slices.Sort(done)
	recorded := list[string](t, sys.rows,
		"SELECT run_id::text FROM pgdue.run_history WHERE outcome <> 'skipped' ORDER BY 1")
	if diff := cmp.Diff(recorded, done); diff != "" {
		t.Errorf("what was done is not what was recorded (-recorded +done):\n%s", diff)
	}
}

// surviveOutage takes the server away from a node that executes a run and claims others. The run ends while the server
// is away; its end and the fires of the outage are recorded when the server is back.
func surviveOutage(t *testing.T, s server) {
	sys := newSystem(t, s)
	sys.add(t, "through", `{"type":"interval","every":"200ms"}`, 2)
	first := newHeld()
	node, stop := sys.start(t, "survivor", first)
	storetest.Await(t, sys.rows, "runs beside the held one",
		"SELECT count(*) >= 3 FROM pgdue.run_history WHERE outcome = 'succeeded'")

	s.outage(t, sys.db, func() {
		awaitNotReady(t, node)
		first.release()
	})
	sys.rows = storetest.Connect(t, sys.db)
	back := storetest.Query[time.Time](t, sys.rows, "SELECT clock_timestamp()")
	storetest.Await(t, sys.rows, "runs after the outage", `
		SELECT count(*) >= 3 FROM pgdue.run_history WHERE outcome = 'succeeded' AND scheduled_run_time > $1`, back)
	stop()

	invariant.Hold(t, sys.rows, invariant.SteadyClock, invariant.Stopped)
	got := list[string](t, sys.rows, "SELECT outcome FROM pgdue.run_history WHERE run_id = $1", first.runID())
	if diff := cmp.Diff([]string{"succeeded"}, got); diff != "" {
		t.Errorf("rows of the run that ended during the outage (-want +got):\n%s", diff)
	}
}

// awaitNotReady waits until a node knows that it cannot claim.
func awaitNotReady(t *testing.T, node *scheduler.Scheduler) {
	t.Helper()
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for node.Ready() == nil {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain for the node to notice the outage")
		}
	}
}

// list returns what a query selects in one column.
func list[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return values
}
