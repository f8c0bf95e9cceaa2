package store_test

import (
	"testing"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Lowered below what is running, max_instances lets nothing begin until so many have ended, and ends nothing; raised,
// it lets what waits begin with the next look.
func TestMaxInstancesLoweredAndRaised(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	w := &work{gate: gate}
	n := newNode(t, s, w)
	d := storetest.Job(t, "l", `{"type":"date","at":"2199-01-01T00:00:00Z"}`)
	d.MaxInstances = 2
	add(t, s, d)
	ask := func(runs int) {
		t.Helper()
		for range runs {
			if _, err := s.RunNow(t.Context(), "l", "", job.Author{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	limit := func(max int) {
		t.Helper()
		d.MaxInstances = max
		if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, running, waiting int) {
		t.Helper()
		for range 5 {
			tick(t, n)
		}
		if o, err := s.Job(t.Context(), "l"); err != nil || o.Running != running || o.Waiting != waiting {
			t.Errorf("%s: %d run and %d wait, want %d and %d; %v", what, o.Running, o.Waiting, running, waiting, err)
		}
	}
	ask(4)
	want("at the limit of 2", 2, 2)
	limit(1)
	want("lowered to 1", 2, 2)
	limit(3)
	if !storetest.Query[bool](t, conn, "SELECT due_at <= pgdue.now() FROM pgdue.next_run_times") {
		t.Error("the raised limit does not make the job due")
	}
	want("raised to 3", 3, 1)
	limit(1)
	ask(1)
	want("lowered to 1 again", 3, 2)
	close(gate)
	finish(t, n)
	want("after their end", 1, 1)
	finish(t, n)
	if ended := storetest.Query[string](t, conn,
		"SELECT string_agg(DISTINCT outcome, ' ') FROM pgdue.run_history"); ended != "succeeded" {
		t.Errorf("runs ended as %s", ended)
	}
}

// A job that is removed while it runs: the run goes on and is recorded.
func TestRemovedWhileItRuns(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	add(t, s, storetest.Job(t, "g", `{"type":"date"}`))
	tick(t, n)
	if _, err := s.Remove(t.Context(), "g", job.Author{}); err != nil {
		t.Fatal(err)
	}
	close(gate)
	finish(t, n)
	got := storetest.Query[string](t, conn,
		"SELECT string_agg(format('%s %s', outcome, final), '; ') FROM pgdue.run_history")
	if left := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); got != "succeeded t" ||
		left != 0 {
		t.Errorf("history is %q, %d instances are left", got, left)
	}
}
