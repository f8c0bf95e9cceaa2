package tests

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

const (
	raceNodes    = 2
	raceClaimers = 8 // per node
	raceJobs     = 5
	raceClaims   = 5500
	raceRun      = 3 * time.Millisecond
)

// Claimers that meet on few jobs, each due again in the moment in which a claim commits, with runs that end in between:
// only there does a claim that counts from an older snapshot than its lock begin a run too many.
func TestClaimersNeverExceedMaxInstances(t *testing.T) {
	t.Parallel()
	takeTurn(t)
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	// The test sets due_at: whatever a claim decides, its job is due again at once.
	storetest.Exec(t, conn, `
		CREATE FUNCTION due_again() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN NEW.due_at := statement_timestamp() - interval '1 second'; RETURN NEW; END $$;
		CREATE TRIGGER due_again BEFORE INSERT OR UPDATE ON pgdue.next_run_times FOR EACH ROW EXECUTE FUNCTION due_again()`)
	s := raceStore(t, url)
	for i := range raceJobs {
		d := storetest.Job(t, fmt.Sprintf("job-%d", i), `{"type":"interval","every":"1ms"}`)
		d.MaxInstances = 1 + i%2
		if _, err := s.Add(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var nodes sync.WaitGroup
	for range raceNodes {
		node := &scheduler.Scheduler{Store: raceStore(t, url), Executor: sleeps(raceRun), Log: quiet(), Batch: 1}
		if err := node.Register(ctx); err != nil {
			t.Fatal(err)
		}
		nodes.Go(func() { race(ctx, t, node) })
	}
	storetest.Await(t, conn, "5,500 claims", `
		SELECT count(*) >= $1 FROM (SELECT FROM pgdue.run_history WHERE outcome <> 'skipped' OR reason = 'max_instances') c`, raceClaims)
	stop()
	nodes.Wait()

	checkInstances(t, conn)
	checkFires(t, conn, time.Millisecond)
}

// race lets a node's claimers claim until ctx ends, and then records what is left.
func race(ctx context.Context, t *testing.T, node *scheduler.Scheduler) {
	var claimers sync.WaitGroup
	for range raceClaimers {
		claimers.Go(func() {
			for ctx.Err() == nil {
				if _, err := node.Tick(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
					t.Errorf("tick: %v", err)
					return
				}
			}
		})
	}
	records, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	loops.Go(func() { node.RecordEnds(records) })
	loops.Go(func() { node.KeepLease(records) })
	claimers.Wait()
	node.Finish(context.WithoutCancel(ctx))
	stopRecording()
	loops.Wait()
	node.Flush(context.WithoutCancel(ctx))
}

func raceStore(t *testing.T, url string) *store.Store {
	t.Helper()
	config := storetest.Config(t, url)
	config.MaxConns = raceClaimers + 4
	return storetest.OpenConfig(t, config)
}

// checkInstances judges max_instances from the times of the rows: a run holds an instance at least from the claim's
// decision to its end's recording, so overlapping spans of one job must never be more than max_instances. Both ends are
// statement times within the transaction that holds the job's lock, or that frees the instance.
func checkInstances(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		WITH ends AS (
		    SELECT job_id, started_at AS at, 1 AS change FROM pgdue.run_history WHERE started_at IS NOT NULL
		    UNION ALL
		    SELECT job_id, ended_at, -1 FROM pgdue.run_history WHERE started_at IS NOT NULL
		), live AS (
		    SELECT job_id, at, sum(change) OVER (PARTITION BY job_id ORDER BY at, change) AS n FROM ends
		)
		SELECT format('%s: %s instances at %s, max_instances %s', l.job_id, l.n, l.at, j.max_instances)
		FROM live l JOIN pgdue.jobs j ON j.id = l.job_id WHERE l.n > j.max_instances ORDER BY l.at`)
	if err != nil {
		t.Fatal(err)
	}
	violations, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(violations) > 0 {
		t.Errorf("%d times more instances than max_instances; first: %s", len(violations), violations[0])
	}
}

// checkFires judges that every fire time of every job has exactly one final row: the rows' spans follow each other without
// gap or overlap, from the first fire time to the last decided one, and count what they span. All jobs are interval jobs
// of the same interval, and no node runs any more.
func checkFires(t testing.TB, conn *pgx.Conn, every time.Duration) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		WITH spans AS (
		    SELECT job_id, first_run_time AS first, last_run_time AS last, fire_count,
		           lag(last_run_time) OVER (PARTITION BY job_id ORDER BY first_run_time, last_run_time) AS before
		    FROM pgdue.run_history WHERE final
		), wrong AS (
		    SELECT format('%s: %s follows %s', job_id, first, before) AS what FROM spans WHERE first <> before + $1::interval
		    UNION ALL
		    SELECT format('%s: %s..%s counts %s', job_id, first, last, fire_count) FROM spans
		    WHERE last <> first + (fire_count - 1) * $1::interval
		    UNION ALL
		    SELECT format('%s: begins at %s, not at the first fire time', s.job_id, min(first)) FROM spans s JOIN pgdue.jobs j ON j.id = s.job_id
		    GROUP BY s.job_id, j.anchor HAVING min(first) <> j.anchor + $1::interval
		    UNION ALL
		    SELECT format('%s: ends at %s, last decided %s', s.job_id, max(last), n.last_run_time)
		    FROM spans s JOIN pgdue.next_run_times n ON n.job_id = s.job_id GROUP BY s.job_id, n.last_run_time HAVING max(last) <> n.last_run_time
		    UNION ALL
		    SELECT format('%s: instance left', job_id) FROM pgdue.running_instances
		)
		SELECT what FROM wrong`, every)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(wrong) > 0 {
		t.Errorf("%d fires doubled or lost; first: %s", len(wrong), wrong[0])
	}
}
