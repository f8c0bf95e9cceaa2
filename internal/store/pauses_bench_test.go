package store_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

// benchJobs are due at once in each round of the benchmarks below.
const benchJobs = 10_000

// BenchmarkClaimWithPauses claims 10,000 due jobs in batches of 200 while labels are paused that none of them has. The
// rounds with and without pauses take turns, and the fastest of each counts, since the machine may be busy at times.
func BenchmarkClaimWithPauses(b *testing.B) {
	url := storetest.URL(b)
	conn := storetest.Conn(b, url)
	s := storetest.OpenURL(b, url)
	benchRows(b, url)
	n := &scheduler.Scheduler{Store: s, Executor: &work{}, Log: slog.New(slog.DiscardHandler), Slots: 2 * benchJobs,
		Batch: 200}
	if err := n.Register(b.Context()); err != nil {
		b.Fatal(err)
	}
	go n.KeepLease(b.Context())
	round, took := 0, map[int]time.Duration{}
	for b.Loop() {
		order := []int{0, 20}
		if round++; round%2 == 0 {
			slices.Reverse(order)
		}
		for _, pauses := range order {
			storetest.Exec(b, conn, "DELETE FROM pgdue.pauses")
			storetest.Exec(b, conn,
				"INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by) SELECT 'tier', n::text, "+
					"now(), 'ada' FROM generate_series(1, $1) n", pauses)
			storetest.Exec(b, conn, "UPDATE pgdue.next_run_times SET next_run_time = now(), due_at = now()")
			storetest.Exec(b, conn, "VACUUM pgdue.next_run_times, pgdue.running_instances")
			began := time.Now()
			for range benchJobs / 200 {
				if _, err := n.Tick(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			if d := time.Since(began); took[pauses] == 0 || d < took[pauses] {
				took[pauses] = d
			}
			if n := storetest.Query[int](b, conn,
				"SELECT count(*) FROM pgdue.next_run_times WHERE due_at <= now()"); n > 0 {
				b.Fatalf("%d jobs are still due", n)
			}
			n.Finish(b.Context())
			n.Flush(b.Context())
		}
	}
	for pauses, d := range took {
		b.ReportMetric(benchJobs/d.Seconds(), fmt.Sprintf("jobs/s,pauses=%d", pauses))
	}
}

// BenchmarkResumeLabel resumes a label of 10,000 jobs that are parked.
func BenchmarkResumeLabel(b *testing.B) {
	url := storetest.URL(b)
	conn := storetest.Conn(b, url)
	s := storetest.OpenURL(b, url)
	benchRows(b, url)
	var took time.Duration
	for b.Loop() {
		pauseMany(b, s, teamWeb)
		storetest.Exec(b, conn,
			"UPDATE pgdue.next_run_times SET next_run_time = now(), due_at = now() + interval '10 minutes'")
		storetest.Exec(b, conn, "VACUUM pgdue.next_run_times")
		began := time.Now()
		if r := resumeMany(b, s, teamWeb, false); r.MadeDue != benchJobs {
			b.Fatal(r)
		}
		took += time.Since(began)
	}
	b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/resume")
}

// benchRows writes jobs that fire every hour and have a label.
func benchRows(b *testing.B, url string) {
	conn := storetest.Conn(b, url)
	storetest.Exec(b, conn, `
		INSERT INTO pgdue.jobs (id, trigger, executor, payload, labels, anchor, created_at, updated_at, revision, created_revision)
		SELECT 'job-' || n, '{"type":"interval","every":"1h"}', 'exec', '{"command":["true"]}', '{"team":"web"}', now(), now(), now(), n, n
		FROM generate_series(1, 10000) n;
		INSERT INTO pgdue.next_run_times (job_id, queue, state, next_run_time, due_at) SELECT id, 'exec', 'active', now(), now() FROM pgdue.jobs;
		ANALYZE`)
}
