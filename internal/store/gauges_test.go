package store_test

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Maintenance is not an outage: nothing is due while everything is paused, and what is paused is counted.
func TestGaugesTellPauses(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, labelled(t, "a", "1h"))
	add(t, s, labelled(t, "b", "1h"))
	storetest.Exec(t, conn, `UPDATE pgdue.next_run_times
		SET next_run_time = pgdue.now() - interval '10 minutes', due_at = pgdue.now() - interval '10 minutes'`)
	expect := func(when string, due bool, everything, labels, jobs int64) {
		t.Helper()
		g, err := s.Gauges(t.Context())
		if err != nil || g.OldestDue >= 10*time.Minute != due || !due && g.OldestDue != 0 ||
			g.PausedEverything != everything || g.PausedLabels != labels || g.PausedJobs != jobs {
			t.Errorf("%s: %+v, %v", when, g, err)
		}
	}
	expect("two jobs are due", true, 0, 0, 0)
	pauseMany(t, s, everything)
	expect("everything is paused", false, 1, 0, 0)
	pauseMany(t, s, teamWeb)
	if _, err := s.Pause(t.Context(), "a", job.Author{}); err != nil {
		t.Fatal(err)
	}
	expect("a label and a job are paused too", false, 1, 1, 1)
	if _, err := s.ResumeMany(t.Context(), everything, false, job.Author{}); err != nil {
		t.Fatal(err)
	}
	expect("everything else goes on", true, 0, 1, 1)
}
