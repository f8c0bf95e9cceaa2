package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// lease is how long the calls of these tests are taken for.
const lease = time.Minute

// Each call is taken by one node; of a job the oldest first, the next when that one is settled.
func TestCallsAreTakenOnceAndInOrder(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	fails(t, s, "a")
	fails(t, s, "b")
	end(t, conn, "a", "failed", "failed", "failed", "succeeded") // two alerts
	end(t, conn, "b", "failed", "failed", "failed")
	judge(t, n)
	var mu sync.Mutex
	var taken []job.Alert
	take := func() {
		list, err := s.ClaimAlerts(t.Context(), 10, lease)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		taken = append(taken, list...)
	}
	storetest.Exec(t, conn, "BEGIN")
	// as another node that is just taking them
	storetest.Exec(t, conn, "SELECT FROM pgdue.alerts WHERE job_id = 'a' FOR UPDATE")
	take()
	if len(taken) != 1 || taken[0].JobID != "b" {
		t.Fatalf("taken beside what another node takes: %+v", taken)
	}
	storetest.Exec(t, conn, "COMMIT")
	var nodes sync.WaitGroup
	for range 8 {
		nodes.Go(take)
	}
	nodes.Wait()
	if len(taken) != 2 || taken[0].Kind != job.AlertFailure || taken[1].Kind != job.AlertFailure ||
		taken[0].JobID == taken[1].JobID {
		t.Fatalf("taken: %+v", taken)
	}
	for _, a := range taken {
		if a.Attempts != 1 || a.HTTP == nil || a.HTTP.URL != "http://127.0.0.1:1/alert" || a.HTTP.Body == "" {
			t.Errorf("alert %+v", a)
		}
		a.State, a.LastError = job.AlertGivenUp, "nobody listens"
		if err := s.SettleAlert(t.Context(), a, 0); err != nil {
			t.Fatal(err)
		}
	}
	taken = nil
	take()
	if len(taken) != 1 || taken[0].JobID != "a" || taken[0].Kind != job.AlertRecovery {
		t.Errorf("taken next: %+v", taken)
	}
	const ended = "SELECT count(*) FROM pgdue.alerts WHERE state = 'given_up' AND ended_at IS NOT NULL AND " +
		"last_error = 'nobody listens'"
	if n := storetest.Query[int](t, conn, ended); n != 2 {
		t.Errorf("%d are given up, want 2", n)
	}
}

// A call whose node died is due again after the lease; its late end changes nothing then, unless it was delivered.
func TestCallOfANodeThatDied(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	fails(t, s, "j")
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	take := func(want int) job.Alert {
		t.Helper()
		list, err := s.ClaimAlerts(t.Context(), 10, lease)
		if err != nil || len(list) != want {
			t.Fatalf("taken: %+v, %v, want %d", list, err, want)
		}
		return append(list, job.Alert{})[0]
	}
	settle := func(a job.Alert, state, lastError string) {
		t.Helper()
		a.State, a.LastError = state, lastError
		if err := s.SettleAlert(t.Context(), a, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	first := take(1)
	take(0)
	storetest.Exec(t, conn, "UPDATE pgdue.alerts SET next_attempt_at = next_attempt_at - $1::interval", lease)
	second := take(1)
	if second.ID != first.ID || second.Attempts != 2 {
		t.Errorf("second attempt %+v of %+v", second, first)
	}
	settle(first, job.AlertGivenUp, "late")
	if got := storetest.Query[string](t, conn,
		"SELECT state || coalesce(last_error, '') FROM pgdue.alerts"); got != "pending" {
		t.Errorf("after the late failure of the first attempt: %s", got)
	}
	settle(first, job.AlertDelivered, "")
	settle(second, job.AlertPending, "it had come already")
	list, err := s.Alerts(t.Context(), job.AlertFilter{JobID: "j", Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if a := list[0]; a.State != job.AlertDelivered || a.EndedAt.IsZero() || !a.NextAttemptAt.IsZero() ||
		a.LastError != "" || a.Attempts != 2 {
		t.Errorf("%+v", a)
	}
}

// Alerts go with the history they speak of, but for the latest of a job and those that are not told yet.
func TestOldAlertsAreRemoved(t *testing.T) {
	t.Parallel()
	s, conn, _ := judged(t)
	add(t, s, storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)) // a job's latest alert stays while it is there
	for i, state := range []string{"delivered", "pending", "delivered", "no_call"} {
		storetest.Exec(t, conn, `INSERT INTO pgdue.alerts (id, job_id, created_revision, kind, at, sentence, since, run_ended_at, http, state, next_attempt_at)
			SELECT $1, 'j', 1, 'failure', at, $2, at, at, CASE WHEN $2 <> 'no_call' THEN '{}'::jsonb END, $2, CASE $2 WHEN 'pending' THEN at END
			FROM (SELECT pgdue.now() - $3 * interval '1 day' AS at) moment`, uuid.New(), state, []int{40, 40, 3, 40}[i])
	}
	if _, err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	const left = "SELECT string_agg(state, ', ' ORDER BY number) FROM pgdue.alerts"
	if got, want := storetest.Query[string](t, conn, left), "pending, delivered, no_call"; got != want {
		t.Errorf("left: %s, want %s", got, want)
	}
}
