package store_test

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// The last run is the one that began last, whether it was asked for or executes still; skips are none.
func TestOverviewTellsTheLastRun(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "a", `{"type":"interval","every":"1h"}`))
	day := time.Now().UTC().Truncate(time.Minute).Add(-2 * time.Hour)
	at := func(minute int) time.Time { return day.Add(time.Duration(minute) * time.Minute) }
	record := func(minute int, cause, outcome string, started *time.Time) {
		storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause,
				scheduled_run_time, outcome, reason, sentence, started_at, ended_at, first_run_time, last_run_time, job_revision)
			VALUES ('a', gen_random_uuid(), 1, true, $2, $1, $3, CASE $3 WHEN 'skipped' THEN 'misfire' END, '', $4,
				$1::timestamptz + interval '30 s', $1, $1, 1)`, at(minute), cause, outcome, started)
	}
	expect := func(when string, want time.Time) {
		t.Helper()
		o, err := s.Job(t.Context(), "a")
		if err != nil || !o.LastRan.Equal(want) {
			t.Errorf("%s: the last run is of %s, want %s (%v)", when, o.LastRan, want, err)
		}
	}
	begun := func(minute int) *time.Time { t := at(minute); return &t }
	expect("before any", time.Time{})
	record(1, "schedule", "skipped", nil)
	expect("after a skip", time.Time{})
	if _, err := s.SkipNext(t.Context(), "a", job.Author{}); err != nil {
		t.Fatal(err)
	}
	expect("after a skip ahead of its time", time.Time{})
	record(2, "schedule", "failed", begun(2))
	expect("after a run that failed", at(2))
	record(3, "schedule", "skipped", nil)
	record(3, "schedule", "cancelled", nil)
	expect("after a skip, and a run that was cancelled while it waited", at(2))
	record(4, "manual", "succeeded", begun(4))
	expect("after a run that was asked for", at(4))
	record(5, "schedule", "succeeded", nil)
	expect("after successes that became one record", at(5))
	storetest.Exec(t, conn, `INSERT INTO pgdue.running_instances (job_id, run_id, cause, attempt, node_id,
			scheduled_run_time, started_at, job_revision, fire_count, first_run_time, last_run_time)
		VALUES ('a', gen_random_uuid(), 'schedule', 1, gen_random_uuid(), $1, $1, 1, 1, $1, $1)`, at(6))
	expect("while one executes", at(6))
}
