package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// source is a Source.
type source func(context.Context) (job.Gauges, error)

func (s source) Gauges(ctx context.Context) (job.Gauges, error) { return s(ctx) }

func well(context.Context) (job.Gauges, error) {
	return job.Gauges{Running: 3, Retrying: 1, Waiting: 4, OldestDue: 1500 * time.Millisecond, Nodes: 2, DaysAhead: 14,
		PausedEverything: 1, PausedLabels: 2, PausedJobs: 3}, nil
}

// everything tells m once of everything that there is to tell.
func everything(m *Metrics) {
	skip := job.Record{Run: job.Run{JobID: "j"}, Final: true, Outcome: job.Skipped, Reason: job.ReasonPaused,
		FireCount: 5}
	m.Claimed(policy.Claim{Decided: []policy.Decided{
		{Look: policy.Look{Queue: "func:mail"},
			Decision: policy.Decision{Begin: []policy.Start{{}}, Skip: []job.Record{skip},
				GiveUp: []policy.GivenUp{{Run: job.Run{JobID: "j"}}}}},
		{Look: policy.Look{Queue: "exec"}, Decision: policy.Decision{State: job.StateBlocked}},
	}})
	m.ClaimFailed()
	m.Blocked()
	end := job.Record{Run: job.Run{JobID: "j"}, Outcome: job.Failed, FireCount: 1, Took: time.Second}
	last := end
	last.Final = true
	m.Ended([]job.End{{Record: end, Executor: "http"}, {Record: last, Executor: "http"}}, 2)
	m.TakenOver([]job.Record{{Outcome: job.Lost}, {Outcome: job.Lost, Final: true}})
	m.Kept(job.Housekeeping{Dropped: 2, Folded: 7}, errors.New("some of it"))
}

// Names, units and help are as Prometheus recommends.
func TestMetricsAreConventional(t *testing.T) {
	t.Parallel()
	for _, labels := range []bool{false, true} {
		m := New(source(well), labels)
		everything(m)
		problems, err := testutil.GatherAndLint(m.registry)
		if err != nil || len(problems) > 0 {
			t.Errorf("with job labels %v: %v, %v", labels, problems, err)
		}
		if n, err := testutil.GatherAndCount(m.registry); err != nil || n < 20 {
			t.Errorf("%d series, %v", n, err)
		}
	}
}

// Each thing that is told of is counted as what it is.
func TestWhatIsToldIsCounted(t *testing.T) {
	t.Parallel()
	m := New(source(well), false)
	everything(m)
	wantLines(t, scrape(t, m), `pgdue_fires_total{outcome="skipped",reason="paused"} 5`,
		`pgdue_fires_total{outcome="cancelled",reason=""} 1`,
		`pgdue_fires_total{outcome="failed",reason=""} 1`,
		`pgdue_fires_total{outcome="lost",reason=""} 1`,
		`pgdue_run_duration_seconds_count{executor="http",outcome="failed"} 2`,
		`pgdue_run_lateness_seconds_count{executor="func"} 1`,
		`pgdue_claim_jobs_count 1`, `pgdue_claim_jobs_sum 2`, `pgdue_claim_errors_total 1`,
		`pgdue_jobs_blocked_total 2`,
		`pgdue_completions_stale_total 2`, `pgdue_history_partitions_dropped_total 2`,
		`pgdue_history_rows_folded_total 7`,
		`pgdue_housekeeping_errors_total 1`, `pgdue_running_instances 3`, `pgdue_retrying_instances 1`,
		`pgdue_waiting_runs 4`,
		`pgdue_oldest_due_seconds 1.5`, `pgdue_pauses{of="everything"} 1`, `pgdue_pauses{of="label"} 2`,
		`pgdue_pauses{of="job"} 3`, `pgdue_nodes_alive 2`, `pgdue_history_partitions_ahead 14`,
		`pgdue_database_up 1`)
}

// A database that does not answer holds up no scrape for long, which tells what the node knows by itself, and of the
// database only that it does not answer. An answer serves for a second, however many ask.
func TestScrapeWithoutDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked int
		m := New(source(func(ctx context.Context) (job.Gauges, error) {
			asked++
			<-ctx.Done()
			return job.Gauges{Nodes: 9}, ctx.Err()
		}), false)
		m.ClaimFailed()
		began := time.Now()
		for range 3 {
			text := scrape(t, m)
			wantLines(t, text, "pgdue_database_up 0", "pgdue_claim_errors_total 1")
			if strings.Contains(text, "pgdue_nodes_alive") {
				t.Error("a scrape shows what it does not know")
			}
		}
		if took := time.Since(began); took > sourceTimeout || asked != 1 {
			t.Errorf("three scrapes took %s and asked %d times, want %s and once", took, asked, sourceTimeout)
		}
		time.Sleep(sourceEvery)
		if scrape(t, m); asked != 2 {
			t.Errorf("asked %d times, want a second time after %s", asked, sourceEvery)
		}
	})
}

// Jobs are labels only where that was asked for, and so many only.
func TestJobLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := New(source(well), true)
	for n := range jobsAtMost + 20 {
		m.fired(fmt.Sprintf("job-%d", n), job.Succeeded, "", 1)
		m.fired("job-0", job.Failed, "", 1)
	}
	wantLines(t, scrape(t, m), `pgdue_fires_total{job="job-999",outcome="succeeded",reason=""} 1`,
		`pgdue_fires_total{job="job-0",outcome="failed",reason=""} 1020`,
		`pgdue_fires_total{job="(other)",outcome="succeeded",reason=""} 20`)
	if n := testutil.CollectAndCount(m.fires); n != jobsAtMost+2 {
		t.Errorf("%d series, want %d", n, jobsAtMost+2)
	}
}

// scrape returns what a scrape shows.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wantLines(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, ours(text))
		}
	}
}

// ours are the lines that are not of Go and the process.
func ours(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "pgdue_") {
			b.WriteString(line)
		}
	}
	return b.String()
}
