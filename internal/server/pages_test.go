package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Page by page the runs are those of one long list, though many wait, run and end at one moment, and though rows go
// between two pages. No page carries what they printed.
func TestPagesOfRuns(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/p", pingJob)
	storetest.Exec(t, conn, `
		INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, fire_count, first_run_time,
			last_run_time)
			SELECT 'p', gen_random_uuid(), pgdue.now() - n / 3 * interval '1 s', 'manual', now(), 1, now(), now()
			FROM generate_series(1, 7) n;
		INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, state, started_at,
			job_revision, fire_count, first_run_time, last_run_time)
			SELECT 'p', gen_random_uuid(), pgdue.now(), 'manual', 1, (ARRAY['executing', 'retrying'])[1 + n % 2],
				pgdue.now() - n / 4 * interval '1 s', 1, 1, now(), now() FROM generate_series(1, 9) n;
		INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence,
			started_at, ended_at, first_run_time, last_run_time, job_revision, output, error)
			SELECT 'p', gen_random_uuid(), n % 2, true, 'manual', pgdue.now() - n / 5 * interval '1 s', 'failed', '', now(),
				pgdue.now() - n / 20 * interval '1 s', now(), now(), 1, repeat('x', 65536), repeat('y', 65536)
			FROM generate_series(1, 60) n`)
	read := func(before string, limit int) client.RunPage {
		t.Helper()
		w := do(h, "GET", fmt.Sprintf("/v1/runs?job_id=p&limit=%d&before=%s", limit, url.QueryEscape(before)), "")
		if w.Body.Len() > 8000*(limit+1) {
			t.Errorf("a page of %d has %d bytes", limit, w.Body.Len())
		}
		return decode[client.RunPage](t, w, "application/json")
	}
	keys := func(runs []client.Run) (keys []string) {
		for _, r := range runs {
			keys = append(keys, r.State+" "+r.RunID)
		}
		return keys
	}
	all := read("", 100)
	want := keys(all.Items)
	if len(want) != 76 || all.Next != "" {
		t.Fatalf("%d runs, next %q", len(want), all.Next)
	}
	var got []string
	for next, pages := "", 0; pages == 0 || next != ""; pages++ {
		page := read(next, 3)
		got, next = append(got, keys(page.Items)...), page.Next
		if pages == 10 { // what was seen goes, and moves nothing
			storetest.Exec(t, conn, "DELETE FROM pgdue.run_history WHERE run_id = $1", page.Items[0].RunID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
}

// A page of jobs ends when it is full, and the pages together hold them all.
func TestPagesOfLargeJobs(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	var want, got []string
	for i := range 130 {
		id, length := fmt.Sprintf("j%03d", i), 10
		if i < 8 {
			length = 300_000
		}
		body := strings.NewReplacer(`"p"`, `"`+id+`"`, `"true"`, `"true", "`+strings.Repeat("x", length)+`"`).Replace(pingJob)
		if w := do(h, "PUT", "/v1/jobs/"+id, body); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		want = append(want, id)
	}
	var sizes []int
	for next := ""; len(sizes) == 0 || next != ""; {
		w := do(h, "GET", "/v1/jobs?limit=120&after="+next, "")
		if w.Body.Len() > 1_500_000 {
			t.Errorf("a page has %d bytes", w.Body.Len())
		}
		page := decode[client.JobPage](t, w, "application/json")
		for i := range page.Items {
			got = append(got, page.Items[i].ID)
		}
		next, sizes = page.Next, append(sizes, len(page.Items))
	}
	if diff := cmp.Diff(want, got); diff != "" || sizes[0] != 4 || len(sizes) != 4 {
		t.Errorf("pages of %d (-want +got):\n%s", sizes, diff)
	}
}

// The attempts of one run are told, and of many the latest with what they printed.
func TestRunOfManyAttempts(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/p", pingJob)
	const run = "1176e6c4-7a40-5c1e-9b51-6c1c6f2f1d10"
	storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome,
			sentence, started_at, ended_at, first_run_time, last_run_time, job_revision, output)
		SELECT 'p', $1, n, n = 100, 'manual', now(), 'failed', '', now(), now(), now(), now(), 1, repeat('x', 65536)
		FROM generate_series(1, 100) n`, run)
	detail := decode[client.RunDetail](t, do(h, "GET", "/v1/jobs/p/runs/"+run, ""), "application/json")
	printed := 0
	for i, r := range detail.Items {
		if r.Attempt != i+1 {
			t.Errorf("row %d is of attempt %d", i+1, r.Attempt)
		}
		if r.Output != "" {
			printed++
		}
	}
	if len(detail.Items) != 100 || printed != 16 || detail.Items[99].Output == "" {
		t.Errorf("%d attempts, of which %d tell what they printed", len(detail.Items), printed)
	}
}
