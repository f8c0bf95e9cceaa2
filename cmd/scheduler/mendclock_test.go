package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/server/servertest"
	"github.com/pgdue/pgdue/internal/storetest"
)

// It shows what it would do, does it when it is told to, and then finds nothing more.
func TestMendClockShowsFirst(t *testing.T) {
	t.Parallel()
	s, conn := servertest.Open(t)
	d := storetest.Job(t, "ping", `{"type":"interval","every":"1h"}`)
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	ahead := servertest.Now.Add(9 * time.Hour)
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET last_run_time = $1::timestamptz - interval '1 h', "+
		"next_run_time = $1, due_at = $1", ahead)
	for _, c := range []struct {
		flag, want string
	}{
		{"--apply=false", "ping  2026-03-01 18:00:00 UTC  2026-03-01 10:00:00 UTC\n\nnothing was written; the " +
			"database's time is 2026-03-01 09:00:00 UTC"},
		{"--apply", "\n1 of 1 jobs mended\n"},
		{"--apply", "no job stands further ahead than its trigger allows\n"},
	} {
		var out bytes.Buffer
		root := newRoot()
		root.SetArgs([]string{"mend-clock", "--database-url", conn.Config().ConnString(), c.flag})
		root.SetOut(&out)
		if err := root.ExecuteContext(t.Context()); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %v\n%s\nwant %q", c.flag, err, out.String(), c.want)
		}
	}
	o, err := s.Job(t.Context(), "ping")
	if want := servertest.Now.Add(time.Hour); err != nil || !o.NextRunTime.Equal(want) {
		t.Errorf("next run %s, %v, want %s", o.NextRunTime, err, want)
	}
	reason := storetest.Query[string](t, conn, "SELECT reason FROM pgdue.job_events WHERE action = 'rescheduled'")
	if !strings.Contains(reason, "lies 8h0m0s further ahead than its trigger allows from now") {
		t.Errorf("the event's reason is %q", reason)
	}
}
