package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/why"
)

// Some rules must be known to SQL and to Go: a DBA reads views, a program asks why. Here both answer for the same rows.

// problems are what job_overview.problem tells of, in its order, and how it begins.
var problems = []struct {
	codes  []string // of why, those that block
	begins string
}{
	{[]string{why.WhyBlocked}, "blocked: "},
	{[]string{why.WhyPaused}, "paused"},
	{[]string{why.WhyPausedAll, why.WhyPausedLabel}, "paused with "},
	{[]string{why.WhyNoNode}, "no live node serves the queue exec; "},
	{[]string{why.WhyNotClaimed}, "due since "},
}

func TestProblemAndWhyAgree(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	conn := storetest.Conn(t, url)
	storetest.Exec(t, conn, `CREATE TABLE before AS SELECT * FROM pgdue.next_run_times`)
	asBefore := func() {
		storetest.Exec(t, conn, "DELETE FROM pgdue.waiting_runs")
		storetest.Exec(t, conn, "DELETE FROM pgdue.pauses")
		storetest.Exec(t, conn, "UPDATE pgdue.settings SET paused_at = NULL, paused_by = NULL")
		storetest.Exec(t, conn, "UPDATE pgdue.nodes SET queues = '{exec}', beat_at = pgdue.now(), "+
			"draining_since = NULL")
		storetest.Exec(t, conn, "UPDATE pgdue.jobs SET labels = '{}', paused_at = NULL, paused_by = NULL")
		storetest.Exec(t, conn, `UPDATE pgdue.next_run_times n SET state = b.state, next_run_time = b.next_run_time,
			due_at = b.due_at, error = b.error FROM before b`)
	}
	const (
		due     = "UPDATE pgdue.next_run_times SET due_at = pgdue.now() - interval "
		waiting = `INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, fire_count, first_run_time, last_run_time)
			SELECT 'j', gen_random_uuid(), t, 'manual', t, 1, t, t FROM pgdue.now() t`
		finished = "UPDATE pgdue.next_run_times SET state = 'finished', next_run_time = NULL, due_at = pgdue.now() + " +
			"interval '1 day'"
		all   = "UPDATE pgdue.settings SET paused_at = pgdue.now(), paused_by = 'ada'"
		label = `UPDATE pgdue.jobs SET labels = '{"team": "web"}'; INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by)
			VALUES ('team', 'web', pgdue.now(), 'ada')`
		paused = "UPDATE pgdue.jobs SET paused_at = pgdue.now(), paused_by = 'ada'; UPDATE pgdue.next_run_times SET " +
			"state = 'paused', due_at = NULL"
		blocked = "UPDATE pgdue.next_run_times SET state = 'blocked', due_at = NULL, error = 'refused'"
		silent  = "UPDATE pgdue.nodes SET beat_at = pgdue.now() - interval "
		others  = "UPDATE pgdue.nodes SET queues = '{http}'"
	)
	for name, c := range map[string]struct{ done, begins string }{
		"as planned":                {"SELECT", ""},
		"due for a moment":          {due + "'9 seconds'", ""},
		"due for long":              {due + "'11 seconds'", "due since "},
		"a node is slow to beat":    {silent + "'14 seconds'", ""},
		"the only node is silent":   {silent + "'16 seconds'", "no live node"},
		"no node of the queue":      {others, "no live node"},
		"the only node drains":      {"UPDATE pgdue.nodes SET draining_since = pgdue.now()", "no live node"},
		"and due":                   {others + "; " + due + "'1 minute'", "no live node"},
		"paused":                    {paused, "paused since "},
		"paused, no node":           {paused + "; " + others, "paused since "},
		"blocked":                   {blocked, "blocked: refused"},
		"blocked in a pause":        {blocked + "; " + all, "blocked: refused"},
		"everything is paused":      {all, "paused with everything"},
		"and due for long":          {all + "; " + due + "'1 minute'", "paused with everything"},
		"its label is paused":       {label, "paused with label team=web"},
		"and due, the label":        {label + "; " + due + "'1 minute'", "paused with label team=web"},
		"finished":                  {finished, ""},
		"finished, no node":         {finished + "; " + others, ""},
		"finished, and a run waits": {finished + "; " + waiting, ""},
		"and waits for a node":      {finished + "; " + waiting + "; " + others, "no live node"},
		"and waits in a pause":      {finished + "; " + waiting + "; " + all, "paused with everything"},
		"finished in a pause":       {finished + "; " + all, ""},
		"finished, and not removed": {finished + "; " + due + "'1 minute'", "due since "},
	} {
		t.Run(name, func(t *testing.T) {
			asBefore()
			for statement := range strings.SplitSeq(c.done, "; ") {
				storetest.Exec(t, conn, statement)
			}
			o, err := s.Job(t.Context(), "j")
			if err != nil {
				t.Fatal(err)
			}
			answer := ask(t, s, "j")
			if want := expected(codes(answer)); !strings.HasPrefix(o.Problem, want) || want == "" && o.Problem != "" {
				t.Errorf("problem is %q, and why says %v, which is %q", o.Problem, codes(answer), want)
			}
			if !strings.HasPrefix(o.Problem, c.begins) || c.begins == "" && o.Problem != "" {
				t.Errorf("problem is %q, want %q", o.Problem, c.begins)
			}
		})
	}
}

// expected is how the problem begins that a job has whose findings are these.
func expected(findings []string) string {
	for _, p := range problems {
		for _, code := range p.codes {
			if slices.Contains(findings, code+"!") {
				return p.begins
			}
		}
	}
	return ""
}

// A label is written for a shell alike in the view of pauses and in Go.
func TestResumeCommandsAgree(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	values := []string{"", "web", "it's", "a b", "100%", "$HOME", `back\slash`, "ö", "a=b,c+d:e@f/g_h-i.j", "new\nline",
		"'", "*"}
	for _, value := range values {
		d := storetest.Job(t, "j", everyHour)
		d.Labels = map[string]string{"team": value}
		if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
			t.Fatal(err)
		}
		scope := job.Scope{LabelName: "team", LabelValue: value}
		if _, err := s.PauseMany(t.Context(), scope, job.Author{}); err != nil {
			t.Fatal(err)
		}
		got := storetest.Query[string](t, conn, "SELECT resume FROM pgdue.lasting_pauses WHERE label_value = $1", value)
		if want := scope.ResumeCommand(); got != want {
			t.Errorf("label value %q: the view says %s, Go says %s", value, got, want)
		}
	}
	if _, err := s.PauseMany(t.Context(), job.Scope{}, job.Author{}); err != nil {
		t.Fatal(err)
	}
	got := storetest.Query[string](t, conn, "SELECT resume FROM pgdue.lasting_pauses WHERE label_name IS NULL")
	if want := (job.Scope{}).ResumeCommand(); got != want {
		t.Errorf("everything: the view says %s, Go says %s", got, want)
	}
}

// What a row is that was written by hand, and says nothing of the policies, is what a definition is that says nothing.
func TestColumnDefaultsAreTheDefaults(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "j", everyHour)
	add(t, s, d)
	storetest.Exec(t, conn, `INSERT INTO pgdue.jobs (id, trigger, executor, payload, anchor, created_at, updated_at, revision, created_revision)
		SELECT 'by-hand', trigger, executor, payload, anchor, created_at, updated_at, nextval('pgdue.revisions'), currval('pgdue.revisions')
		FROM pgdue.jobs WHERE id = 'j'`)
	storetest.Exec(t, conn, `INSERT INTO pgdue.next_run_times (job_id, queue, state, next_run_time, due_at)
		SELECT 'by-hand', queue, state, next_run_time, due_at FROM pgdue.next_run_times WHERE job_id = 'j'`)
	o, err := s.Job(t.Context(), "by-hand")
	if err != nil {
		t.Fatal(err)
	}
	if !o.Definition.Equal(&d) {
		t.Errorf("the row written by hand is %+v, and the defaults are %+v", o.Definition, d)
	}
}

// The times of liveness that SQL knows are those of Go.
func TestSQLKnowsTheTimesOfGo(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	view := storetest.Query[string](t, conn, "SELECT pg_get_viewdef('pgdue.job_overview'::regclass)")
	for what, d := range map[string]time.Duration{"a silent node": job.DeadAfter, "a late claim": 2 * job.DefaultPoll} {
		want := "'" + storetest.Query[string](t, conn, "SELECT make_interval(secs => $1)::text", d.Seconds()) +
			"'::interval"
		if !strings.Contains(view, want) {
			t.Errorf("job_overview does not know %s after %s: it lacks %s", what, d, want)
		}
	}
}
