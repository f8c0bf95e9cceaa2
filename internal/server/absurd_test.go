package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Whatever somebody wrote into a row, an answer is whole, and tells of the row and of those beside it.
func TestAnswersHoldWhateverARowHolds(t *testing.T) {
	t.Parallel()
	s, conn, log := newServer(t)
	h := s.Handler()
	ping := strings.Replace(pingJob, `"id": "p", `, "", 1)
	do(h, "PUT", "/v1/jobs/a", ping)
	do(h, "PUT", "/v1/jobs/b", ping)
	storetest.Exec(t, conn, `ALTER TABLE pgdue.jobs DROP CONSTRAINT jobs_retry_factor_check,
		DROP CONSTRAINT times_are_in_range; ALTER TABLE pgdue.job_events DROP CONSTRAINT job_events_before_check`)
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET max_attempts = 3, retry_factor = 'NaN', created_at = '20000-01-01'
		WHERE id = 'a'`)
	page := decode[client.JobPage](t, do(h, "GET", "/v1/jobs", ""), "application/json")
	if len(page.Items) != 2 || page.Items[1].Problem != "" ||
		!strings.Contains(page.Items[0].Problem, "retry_factor: NaN is not a number") ||
		!strings.Contains(page.Items[0].Problem, "created_at: the year ") {
		t.Errorf("listed: %+v", page.Items)
	}
	if w := do(h, "PUT", "/v1/jobs/a", ping); w.Code != http.StatusOK {
		t.Errorf("put over it: %d %s", w.Code, w.Body)
	}
	if j := decode[client.Job](t, do(h, "GET", "/v1/jobs/a", ""), "application/json"); j.Problem != "" {
		t.Errorf("put over it, it has %s", j.Problem)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.job_events SET before = '5'")
	events := decode[client.EventPage](t, do(h, "GET", "/v1/jobs/a/events", ""), "application/json")
	if len(events.Items) != 2 || events.Items[0].Before["unreadable"] == nil {
		t.Errorf("told: %+v", events.Items)
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log)
	}
}
