package tests

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

const (
	raceNodes    = 2
	raceClaimers = 8 // per node
	raceJobs     = 5
	raceClaims   = 1000
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
		if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
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
	storetest.Await(t, conn, "1,000 claims", `
		SELECT count(*) >= $1 FROM (SELECT FROM pgdue.run_history WHERE outcome <> 'skipped' OR reason = 'max_instances') c`, raceClaims)
	stop()
	nodes.Wait()

	invariant.Hold(t, conn, invariant.SteadyClock, invariant.Stopped)
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
