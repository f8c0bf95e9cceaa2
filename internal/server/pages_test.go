package server_test

import (
	"fmt"
	"net/url"
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
