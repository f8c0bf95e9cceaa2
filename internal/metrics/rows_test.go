package metrics

import (
	"context"
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

// byJob is an executor that does what the job's id says.
type byJob struct{ released chan struct{} }

func (byJob) Queues() []string { return []string{job.KindExec.Name} }

func (b byJob) Execute(_ context.Context, a job.Attempt) job.Result {
	switch a.JobID {
	case "fails", "retries":
		return job.Result{Outcome: job.Failed, Error: "exit status 1"}
	case "holds":
		<-b.released // whatever becomes of its node
	}
	return job.Result{Outcome: job.Succeeded}
}

// The counters of all nodes are the sums of the rows: of runs that succeed, fail, are tried again, are skipped one by
// one or as a span, and are taken over from a node that has stopped renewing, whose own late ends are stale.
func TestCountersAreWhatTheRowsSay(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, s := storetest.Conn(t, url), storetest.OpenURL(t, url)
	for id, when := range map[string]string{
		"works": `{"type":"interval","every":"100ms"}`, "fails": `{"type":"interval","every":"150ms"}`,
		"retries": `{"type":"interval","every":"500ms"}`, "holds": `{"type":"interval","every":"50ms"}`,
		"overdue": `{"type":"interval","every":"1s"}`,
	} {
		d := storetest.Job(t, id, when)
		if id == "retries" {
			d.MaxAttempts, d.Retry = 2, job.Retry{Min: new(time.Millisecond), Max: time.Millisecond, Factor: 1}
		}
		if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Exec(t, conn, "UPDATE pgdue.jobs SET anchor = anchor - interval '1 hour' WHERE id = 'overdue'")
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = next_run_time - interval '1 hour' WHERE "+
		"job_id = 'overdue'")
	released := make(chan struct{})
	m := New(s, false)
	_, stopLost := begin(t, s, m, byJob{released})
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	storetest.Await(t, conn, "skips, retries and a held run", `SELECT count(*) FILTER (WHERE reason = 'max_instances') >= 5
		AND count(*) FILTER (WHERE job_id = 'retries' AND final) >= 1 AND count(*) FILTER (WHERE job_id = 'overdue' AND reason = 'coalesced') >= 1 FROM pgdue.run_history`)
	// Another node takes over while this one works; its ends are stale from then on.
	other, stopOther := begin(t, s, m, byJob{released})
	t.Cleanup(release)
	id := storetest.Query[[16]byte](t, conn, "SELECT node_id FROM pgdue.running_instances WHERE job_id = 'holds'")
	storetest.Exec(t, conn, "BEGIN")
	// as a node marks another one: no claim goes on
	storetest.Exec(t, conn, "SELECT FROM pgdue.nodes WHERE id = $1 FOR UPDATE", id)
	storetest.Exec(t, conn, "UPDATE pgdue.nodes SET alive = false WHERE id = $1", id)
	storetest.Exec(t, conn, "COMMIT")
	if err := other.TakeOver(t.Context(), job.Peer{ID: id, Name: "lost"}); err != nil {
		t.Fatal(err)
	}
	storetest.Await(t, conn, "the take-over", "SELECT NOT EXISTS (SELECT FROM pgdue.nodes WHERE id = $1)", id)
	release()
	stopLost()
	stopOther()
	wantRows(t, conn, m)
}

// begin runs a node until stop, which waits for its end.
func begin(t *testing.T, s *store.Store, m *Metrics, e job.Executor) (n *scheduler.Scheduler, stop func()) {
	t.Helper()
	n = &scheduler.Scheduler{Store: s, Executor: e, Log: slog.New(slog.DiscardHandler), Metrics: m,
		Drain: 5 * time.Second}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return n, stop
}

// wantRows compares what m shows with the rows.
func wantRows(t *testing.T, conn *pgx.Conn, m *Metrics) {
	t.Helper()
	text := scrape(t, m)
	var want []string
	for _, query := range []string{
		`SELECT format('pgdue_fires_total{outcome="%s",reason="%s"} %s', outcome, reason, sum(fire_count)) FROM pgdue.run_history WHERE final GROUP BY outcome, reason`,
		`SELECT format('pgdue_run_duration_seconds_count{executor="exec",outcome="%s"} %s', outcome, count(*)) FROM pgdue.run_history
		 WHERE started_at IS NOT NULL AND outcome <> 'lost' GROUP BY outcome`,
		`SELECT format('pgdue_run_lateness_seconds_count{executor="exec"} %s', count(*)) FROM pgdue.run_history WHERE started_at IS NOT NULL AND attempt = 1`,
		`SELECT format('pgdue_running_instances %s', count(*)) FROM pgdue.running_instances WHERE state = 'executing'`,
		`SELECT format('pgdue_retrying_instances %s', count(*)) FROM pgdue.running_instances WHERE state = 'retrying'`,
		`SELECT format('pgdue_completions_stale_total %s', count(*)) FROM pgdue.run_history WHERE outcome = 'lost'`,
		`SELECT 'pgdue_history_partitions_ahead 14'`, `SELECT 'pgdue_database_up 1'`,
	} {
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, lines...)
	}
	for _, kind := range []string{"succeeded", "failed", "lost", "max_instances", "coalesced"} {
		if !strings.Contains(fmt.Sprint(want), `"`+kind+`"`) {
			t.Errorf("nothing was %s: %v", kind, want)
		}
	}
	wantLines(t, text, want...)
}
