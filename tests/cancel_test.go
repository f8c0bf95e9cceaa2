package tests

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// stops is work that goes on until it is stopped.
func stops() work {
	return work{job.KindExec.Name, func(ctx context.Context, _ job.Attempt) job.Result {
		<-ctx.Done()
		return job.Result{Outcome: job.Cancelled, Error: context.Cause(ctx).Error()}
	}}
}

// A run is signalled on whichever node it executes, at once where the node listens.
func TestCancelReachesTheNodeAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	for range 3 {
		runNode(t, url, stops())
	}
	d := storetest.Job(t, "c", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	d.MaxInstances = 20
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := s.RunNow(t.Context(), "c", "", job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Await(t, conn, "20 runs to execute", "SELECT count(*) = 20 FROM pgdue.running_instances")
	var slowest time.Duration
	for range 20 {
		run := storetest.Query[uuid.UUID](t, conn, "SELECT run_id FROM pgdue.running_instances ORDER BY run_id LIMIT 1")
		asked := storetest.Query[time.Time](t, conn, "SELECT pgdue.now()")
		if _, err := s.Cancel(t.Context(), "c", run, job.Author{}); err != nil {
			t.Fatal(err)
		}
		storetest.Await(t, conn, "the run to end", "SELECT count(*) > 0 FROM pgdue.run_history WHERE run_id = $1", run)
		ended := storetest.Query[time.Time](t, conn, "SELECT ended_at FROM pgdue.run_history WHERE run_id = $1", run)
		slowest = max(slowest, ended.Sub(asked))
	}
	invariant.Hold(t, conn, invariant.SteadyClock)
	t.Logf("from the request to the recorded end: %s at most", slowest)
	if slowest > time.Second {
		t.Errorf("a run was recorded as cancelled %s after the request", slowest)
	}
}
