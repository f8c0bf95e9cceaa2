package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/storetest"
)

// An advice is judged from the last twenty runs that ended by themselves: by how long each counted, and by how late it
// began, where nothing but the look was late.
func TestPaceIsOfTheLastRuns(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "j", `{"type":"interval","every":"1h"}`))
	for _, r := range []struct {
		what       string
		number     int
		ago        time.Duration // the fire time of the first; the others come 5 s after each other
		late, took time.Duration
		outcome    string
		cause      string
		attempt    int
		fireCount  int
	}{
		{"too long ago", 3, time.Hour, time.Second, time.Minute, "succeeded", "schedule", 1, 1},
		{"as ever", 15, 10 * time.Minute, 4 * time.Millisecond, 2 * time.Second, "succeeded", "schedule", 1, 1},
		{"the longest", 1, 8 * time.Minute, 40 * time.Millisecond, 3 * time.Second, "failed", "schedule", 1, 1},
		{"its next attempt, the shortest", 1, 7 * time.Minute, time.Minute, time.Second, "succeeded", "schedule", 2, 1},
		{"after missed fires", 1, 5 * time.Minute, time.Minute, 2 * time.Second, "succeeded", "schedule", 1, 7},
		{"by hand, and waited", 1, 3 * time.Minute, time.Minute, 2 * time.Second, "timed_out", "manual", 1, 1},
		{"late by itself", 1, 2 * time.Minute, 41 * time.Millisecond, 2 * time.Second, "succeeded", "schedule", 1, 1},
		{"lost", 1, time.Minute, 0, time.Hour, "lost", "schedule", 1, 1},
	} {
		storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time,
				outcome, sentence, started_at, ended_at, fire_count, first_run_time, last_run_time, job_revision)
			SELECT 'j', gen_random_uuid(), $7, true, $6, at, $5, '', at + $3::interval, at + $3::interval + $4::interval, $8, at, at, 1
			FROM (SELECT pgdue.now() - $2::interval + n * interval '5 seconds' AS at FROM generate_series(0, $1 - 1) n) fires`,
			r.number, r.ago, r.late, r.took, r.outcome, r.cause, r.attempt, r.fireCount)
	}
	f, err := s.Why(t.Context(), "j", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Pace{Runs: 20, Longest: 3 * time.Second, Shortest: time.Second, Lateness: 41 * time.Millisecond,
		Gap: f.Pace.Gap}
	if diff := cmp.Diff(want, f.Pace); diff != "" {
		t.Errorf("pace (-want +got):\n%s", diff)
	}
}
