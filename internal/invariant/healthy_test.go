package invariant_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// healthy is a database after some work, with a node that lives: job tick has fired three times, each time with a span
// of fires that were coalesced, and is paused; retry has failed once and is to be tried again; the run that asked was
// asked for has ended; and one of web waits in the pause of its label. Its clock stands still from then on, so that
// nothing falls due while tests look, however slow they are. Nobody is connected to it.
func healthy(t *testing.T) (url string) {
	t.Helper()
	url = storetest.URL(t)
	conn := storetest.Conn(t, url)
	defer conn.Close(t.Context())
	s := storetest.OpenURL(t, url)
	defer s.Close()
	addJobs(t, s)
	node := &scheduler.Scheduler{Store: s, Executor: works{}, Log: slog.New(slog.DiscardHandler)}
	if err := node.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	runNow(t, s, "asked")
	for range 3 {
		storetest.Exec(t, conn, "SELECT pg_sleep(0.005)") // five fires of tick
		tick(t, node)
		// Not while the test looks.
		storetest.Exec(t, conn, "UPDATE pgdue.running_instances SET not_before = not_before + interval '1 hour'")
		storetest.Exec(t, conn,
			"UPDATE pgdue.next_run_times SET due_at = due_at + interval '1 hour' WHERE job_id = 'retry'")
	}
	if _, err := s.Pause(t.Context(), "tick", job.Author{Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	runNow(t, s, "web")
	if _, err := s.PauseMany(t.Context(), job.Scope{LabelName: "team", LabelValue: "web"},
		job.Author{Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	tick(t, node) // parks web
	now := storetest.Query[string](t, conn, "SELECT pgdue.now()::text")
	storetest.Exec(t, conn, "CREATE OR REPLACE FUNCTION pgdue.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL "+
		"SAFE AS $$ SELECT timestamptz '"+now+"' $$")
	return url
}

func addJobs(t *testing.T, s *store.Store) {
	t.Helper()
	const never = `{"type":"date","at":"2199-01-01T00:00:00Z"}`
	for id, when := range map[string]string{"tick": `{"type":"interval","every":"1ms"}`, "retry": `{"type":"date"}`,
		"asked": never, "web": never} {
		d := storetest.Job(t, id, when)
		switch id {
		case "retry":
			d.MaxAttempts, d.MaxInstances = 3, 2
		case "web":
			d.Labels = map[string]string{"team": "web"}
		}
		if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
}

func runNow(t *testing.T, s *store.Store, id string) {
	t.Helper()
	if _, err := s.RunNow(t.Context(), id, "", job.Author{}); err != nil {
		t.Fatal(err)
	}
}

// tick lets a node claim what is due, and record how it ended.
func tick(t *testing.T, node *scheduler.Scheduler) {
	t.Helper()
	if _, err := node.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	node.Finish(t.Context())
	node.Flush(t.Context())
}

// works is an executor whose work takes a millisecond and succeeds, but that of job retry.
type works struct{}

func (works) Queues() []string { return []string{job.KindExec.Name} }

func (works) Execute(_ context.Context, a job.Attempt) job.Result {
	<-time.After(time.Millisecond)
	if a.JobID == "retry" {
		return job.Result{Outcome: job.Failed}
	}
	return job.Result{Outcome: job.Succeeded}
}
