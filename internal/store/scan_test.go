package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// absurd are values that a person may write and no program can tell, each with the table that refuses it.
var absurd = []struct {
	table, set string
	silent     bool // nothing that is told holds the value, or all of it can be
}{
	{"jobs", "max_attempts = 3, retry_factor = 'NaN'", false},
	{"jobs", "max_attempts = 3, retry_factor = 'Infinity'", false},
	{"jobs", "retry_on = '{NULL}'", false},
	{"jobs", "retry_on = '{{lost},{failed}}'", true},
	{"jobs", "timeout = '100000 years'", false},
	{"jobs", "misfire_grace_time = '300 years'", false},
	{"jobs", "anchor = '0044-03-15 BC'", false},
	{"jobs", "created_at = '-infinity'", false},
	{"jobs", "updated_at = '20000-01-01'", false},
	{"jobs", "paused_at = 'infinity'", false},
	{"next_run_times", "next_run_time = '20000-01-01'", false},
	{"next_run_times", "last_run_time = '0044-03-15 BC'", false},
	{"nodes", "queues = '{NULL}'", false},
	{"nodes", "beat_at = 'infinity'", false},
	{"nodes", "started_at = '0044-03-15 BC'", true},
	{"pauses", "paused_at = '20000-01-01'", false},
	{"pauses", "resumed_at = '0044-03-15 BC'", true},
	{"settings", "paused_at = '20000-01-01'", true},
	{"settings", "history_retention = '1000000 years'", true},
	{"running_instances", "started_at = '0044-03-15 BC'", false},
	{"running_instances", "deadline = '20000-01-01'", true},
	{"running_instances", "cancel_requested_at = 'infinity'", false},
	{"waiting_runs", "created_at = '20000-01-01'", false},
	{"waiting_runs", "first_run_time = 'infinity'", false},
	{"run_history", "started_at = '-infinity'", false},
	{"run_history", "first_run_time = '0044-03-15 BC'", false},
	{"job_events", "before = '5'", true},
	{"job_events", "after = '[]'", true},
	{"job_events", "at = '20000-01-01'", false},
	{"alerts", "since = '0044-03-15 BC'", false},
	{"alerts", "ended_at = 'infinity'", false},
}

// oneOfEach writes a row into each table: job "bad" and what stands around it, beside job "good".
func oneOfEach(t *testing.T, url string) {
	t.Helper()
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	for _, id := range []string{"bad", "good"} {
		d := storetest.Job(t, id, `{"type":"interval","every":"1000h"}`)
		d.Labels = map[string]string{"team": "web"}
		add(t, s, d)
	}
	storetest.Exec(t, conn, `
		INSERT INTO pgdue.nodes (id, name, queues, version, started_at, beat_at)
			VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'web-1', '{exec}', 'test', now(), now());
		INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by) VALUES ('team', 'app', now(), 'ada');
		INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, started_at, job_revision,
			fire_count, first_run_time, last_run_time)
			VALUES ('bad', gen_random_uuid(), now(), 'manual', 1, now(), 1, 1, now(), now());
		INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, fire_count, first_run_time,
			last_run_time) VALUES ('bad', gen_random_uuid(), now(), 'manual', now(), 1, now(), now());
		INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence,
			started_at, ended_at, first_run_time, last_run_time, job_revision)
			VALUES ('bad', gen_random_uuid(), 1, true, 'manual', now(), 'failed', '', now(), now(), now(), now(), 1);
		INSERT INTO pgdue.alerts (id, job_id, created_revision, kind, at, sentence, since, run_ended_at, state)
			VALUES (gen_random_uuid(), 'bad', 1, 'failure', now(), 'it failed', now(), now(), 'no_call')`)
}

// A value that no program can tell is refused by its table.
func TestAbsurdValuesAreRefused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	oneOfEach(t, url)
	conn := storetest.Conn(t, url)
	for _, a := range absurd {
		tag, err := conn.Exec(t.Context(), "UPDATE pgdue."+a.table+" SET "+a.set)
		if err == nil {
			t.Errorf("%s accepts %s in %d rows", a.table, a.set, tag.RowsAffected())
		}
	}
}

// Where such a value stands all the same, it hides nothing beside it, and what has it says so.
func TestAbsurdRowsAreShown(t *testing.T) {
	t.Parallel()
	for _, a := range absurd {
		t.Run(a.table+" "+a.set, func(t *testing.T) {
			t.Parallel()
			url := storetest.PreparedURL(t, withoutChecks)
			oneOfEach(t, url)
			conn := storetest.Conn(t, url)
			where := map[string]string{"jobs": " WHERE id = 'bad'", "nodes": "", "pauses": "", "settings": ""}
			bad, ok := where[a.table]
			if !ok {
				bad = " WHERE job_id = 'bad'"
			}
			storetest.Exec(t, conn, "UPDATE pgdue."+a.table+" SET "+a.set+bad)
			told := tellAll(t, url)
			if !a.silent && !strings.Contains(told, "cannot be read in full: "+lastColumn(a.set)) {
				t.Errorf("nothing tells of it:\n%s", told)
			}
		})
	}
}

// lastColumn is the last one that an UPDATE sets.
func lastColumn(set string) string {
	parts := strings.Split(set, ", ")
	return strings.Fields(parts[len(parts)-1])[0]
}

// withoutChecks lets all tables take whatever their columns can hold.
const withoutChecks = `DO $$ DECLARE statement text; BEGIN
	FOR statement IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
		WHERE contype = 'c' AND coninhcount = 0 AND connamespace = 'pgdue'::regnamespace LOOP
		EXECUTE statement;
	END LOOP; END $$`

// tellAll is all that a person can be told, as one text of what explains.
func tellAll(t *testing.T, url string) string {
	t.Helper()
	s := storetest.OpenURL(t, url)
	var told []string
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	jobs, err := s.Jobs(t.Context(), "", 10)
	must(err)
	if len(jobs) != 2 {
		t.Errorf("%d jobs are listed", len(jobs))
	}
	for i := range jobs {
		told = append(told, jobs[i].Problem)
	}
	for _, id := range []string{"bad", "good"} {
		f, err := s.Why(t.Context(), id, time.Time{})
		must(err)
		if f.Err != nil {
			told = append(told, f.Err.Error())
		}
		for _, n := range f.Nodes {
			told = append(told, n.Name)
		}
		runs, err := s.Runs(t.Context(), job.RunFilter{JobID: id, Limit: 10})
		must(err)
		for i := range runs {
			told = append(told, runs[i].Error)
		}
		events, _, err := s.Events(t.Context(), job.EventFilter{JobID: id, Before: 1000, Limit: 10})
		must(err)
		for i := range events {
			told = append(told, events[i].Reason)
		}
		alerts, err := s.Alerts(t.Context(), job.AlertFilter{JobID: id, Limit: 10})
		must(err)
		for i := range alerts {
			told = append(told, alerts[i].Sentence)
		}
	}
	pauses, err := s.Pauses(t.Context(), 10)
	must(err)
	for i := range pauses {
		told = append(told, pauses[i].Reason)
	}
	_, err = s.Gauges(t.Context())
	must(err)
	return strings.Join(told, "\n")
}
