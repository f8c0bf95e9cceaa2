package store_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/why"
)

// A node writes how many slots it has, and is full when so many attempts of the queue are on it.
func TestWhyAllSlotsAreTaken(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	defer close(gate)
	n := &scheduler.Scheduler{Store: s, Executor: &work{gate: gate}, Log: slog.New(slog.DiscardHandler), Slots: 2}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		add(t, s, storetest.Job(t, id, `{"type":"date"}`))
	}
	tick(t, n)
	add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
	a := ask(t, s, "j")
	wantCodes(t, a, "slots_taken!")
	if want := "all slots of the queue exec are taken on each node " +
		"that serves it: "; !strings.HasPrefix(a.Findings[0].Sentence, want) ||
		!strings.HasSuffix(a.Findings[0].Sentence, " (2 of 2)") {
		t.Errorf("it says %q", a.Findings[0].Sentence)
	}
	registered(t, s, "web-2") // with slots of its own
	wantCodes(t, ask(t, s, "j"))
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = due_at - interval '1 minute' WHERE job_id = 'j'")
	wantCodes(t, ask(t, s, "j"), "not_claimed!")
}

// A queue that nobody serves, or whose only node does not renew its lease.
func TestWhyNoNodeServesTheQueue(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "j", everyHour))
	a := ask(t, s, "j")
	wantCodes(t, a, "no_node!")
	if f := a.Findings[0]; f.Sentence != "no live node serves its queue, exec; no node is alive at all" ||
		!strings.HasPrefix(f.Remedy, "scheduler serve --enable-exec ") {
		t.Errorf("%+v", f)
	}
	web := job.Node{ID: uuid.New(), Name: "web-1", Queues: []string{"http"}}
	if err := s.Register(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	a = ask(t, s, "j")
	wantCodes(t, a, "no_node!")
	if want := "no live node serves its queue, exec; alive are web-1 (http)"; a.Findings[0].Sentence != want {
		t.Errorf("%q", a.Findings[0].Sentence)
	}
	registered(t, s, "web-2")
	wantCodes(t, ask(t, s, "j"))
	storetest.Exec(t, conn, "UPDATE pgdue.nodes SET beat_at = beat_at - interval '20 seconds'")
	wantCodes(t, ask(t, s, "j"), "no_node!", "node_silent", "node_silent")
}

// The database's clock is compared with that of the process that asks.
func TestWhyTheClocksDiffer(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	wantCodes(t, ask(t, s, "j"))
	ahead := storeAt(t, url, 5*time.Second)
	a := ask(t, ahead, "j")
	wantCodes(t, a, "clock")
	if want := "the database's clock is 5s ahead of "; !strings.HasPrefix(a.Findings[0].Sentence, want) {
		t.Errorf("%q", a.Findings[0].Sentence)
	}
	a = ask(t, storeAt(t, url, -5*time.Second), "j")
	wantCodes(t, a, "ahead!", "clock") // the job was added before the clock was set back
	if want := "the database's clock is 5s behind "; !strings.HasPrefix(a.Findings[1].Sentence, want) {
		t.Errorf("%q", a.Findings[1].Sentence)
	}
}

// A job that could not be decided, and one that the next look will find so.
func TestWhyAJobIsBlocked(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	conn := storetest.Conn(t, url)
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET payload = '{"command": 7}'`)
	a := ask(t, s, "j")
	wantCodes(t, a, "blocked!")
	if !strings.HasPrefix(a.Findings[0].Sentence,
		"its row cannot be read, and the next look will block it: pgdue.jobs.payload cannot be read as exec: ") {
		t.Errorf("%q", a.Findings[0].Sentence)
	}
	if err := s.Block(t.Context(), "j", "no such thing"); err != nil {
		t.Fatal(err)
	}
	a = ask(t, s, "j")
	wantCodes(t, a, "blocked!")
	if want := "j does not run: it is blocked, as it could not be decided: no such thing"; a.Verdict != want {
		t.Errorf("%q", a.Verdict)
	}
}

// Pauses of everything, of a label and of the job itself, from their tables.
func TestWhyAJobIsPaused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	registered(t, s, "web-1")
	d := storetest.Job(t, "j", everyHour)
	d.Labels = map[string]string{"team": "web"}
	add(t, s, d)
	storetest.Exec(t, conn, `INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by, reason, resumed_at)
		VALUES ('team', 'web', pgdue.now(), 'ada', 'over', pgdue.now()), ('team', 'db', pgdue.now(), 'ada', 'others', NULL)`)
	wantCodes(t, ask(t, s, "j"))
	storetest.Exec(t, conn, `INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by, reason)
		VALUES ('team', 'web', pgdue.now(), 'ada', 'the web moves')`)
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET paused_at = pgdue.now(), paused_by = 'bob', "+
		"paused_reason = 'night'")
	if _, err := s.Pause(t.Context(), "j", job.Author{Actor: "eve", Reason: "this one"}); err != nil {
		t.Fatal(err)
	}
	a := ask(t, s, "j")
	wantCodes(t, a, "paused_all!", "paused_label!", "paused!")
	for i, want := range []string{" by bob: night", " by ada: the web moves", " by eve: this one"} {
		if !strings.HasSuffix(a.Findings[i].Sentence, want) {
			t.Errorf("%q lacks %q", a.Findings[i].Sentence, want)
		}
	}
}

// The seed of it all: one-off 123 is added every 5 s and runs for 60 s. The page says who is in the way and what would
// be enough.
func TestWhyWasMyRunSkipped(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	for range 3 {
		add(t, s, storetest.Job(t, "123", `{"type":"date"}`))
		tick(t, n)
	}
	// Two fires have one gap, as that of a job that was removed and added anew: it is no period.
	if a := ask(t, s, "123"); !strings.HasSuffix(a.Verdict, "; max_instances 2 lets one more run beside it") {
		t.Errorf("verdict %q", a.Verdict)
	}
	add(t, s, storetest.Job(t, "123", `{"type":"date"}`))
	tick(t, n)
	const everyFive = `UPDATE pgdue.run_history h SET scheduled_run_time = pgdue.now() - n * interval '5 seconds'
		FROM (SELECT run_id, row_number() OVER (ORDER BY ended_at DESC) AS n FROM pgdue.run_history) o WHERE o.run_id = h.run_id`
	storetest.Exec(t, conn, everyFive)
	storetest.Exec(t, conn, "UPDATE pgdue.running_instances SET started_at = pgdue.now() - interval '57 seconds'")
	a := ask(t, s, "123")
	wantCodes(t, a, "at_limit!", "finished")
	for _, want := range []string{"123 is at its limit: maximum number of running instances reached (1)",
		"; at least max_instances 12 "} {
		if !strings.Contains(a.Verdict, want) {
			t.Errorf("%q lacks %q", a.Verdict, want)
		}
	}
	close(gate)
	finish(t, n)
	storetest.Exec(t, conn, everyFive)
	storetest.Exec(t, conn, "UPDATE pgdue.run_history SET started_at = ended_at - interval '60 seconds' WHERE "+
		"outcome = 'succeeded'")
	a = ask(t, s, "123")
	wantCodes(t, a, "finished!", "skipped_before")
	if f := a.Findings[1]; !strings.Contains(f.Sentence,
		"max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every 5s)") ||
		!strings.HasPrefix(f.Remedy, "somebody adds it again and again, last at ") ||
		!strings.HasSuffix(f.Remedy, " after the time before: add it with --max-instances 13 there; scheduler modify "+
			"123 --max-instances 13 lasts until then; if more must not run at a time, let it fire no more often than "+
			"every 1m4s") {
		t.Errorf("%+v", f)
	}
}

// What became of a fire time: its record, its run, or why there is none.
func TestWhyAtATime(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	add(t, storetest.OpenURL(t, url), storetest.Job(t, "j", `{"type":"interval","every":"1h"}`))
	s := storeAt(t, url, 3*time.Hour+30*time.Minute)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	tick(t, n) // the third fire runs, two are coalesced into it
	anchor := storetest.Query[time.Time](t, conn, "SELECT anchor FROM pgdue.jobs")
	story := func(after time.Duration) string {
		t.Helper()
		f, err := s.Why(t.Context(), "j", anchor.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return why.Explain(f).Story
	}
	for _, c := range []struct {
		after time.Duration
		want  []string
	}{
		{time.Hour, []string{"one of 2 fire times from ", " was skipped (coalesced): 2 fire times were overdue"}},
		{2 * time.Hour, []string{"one of 2 fire times from "}},
		{3 * time.Hour, []string{"the run of ", " has been running since ", ", attempt 1"}},
		{3*time.Hour + time.Minute, []string{" is not a fire time of this job; the ones around it are "}},
		{4 * time.Hour, []string{" is a fire time that is still to come (in "}},
		{-time.Minute, []string{" was before the job was added, at "}},
		{-31 * 24 * time.Hour, []string{"history is kept for 30 days (settings.history_retention)"}},
	} {
		for _, want := range c.want {
			if got := story(c.after); !strings.Contains(got, want) {
				t.Errorf("%s after: %q lacks %q", c.after, got, want)
			}
		}
	}
	// A record of this fire time alone tells more than one of many.
	storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, ended_at, fire_count,
			first_run_time, last_run_time, job_revision)
		SELECT 'j', gen_random_uuid(), 1, true, 'schedule', at, outcome, outcome, at, 1, at, until, 1
		FROM (VALUES ($1::timestamptz - interval '4 hours', $1 - interval '190 minutes', 'succeeded'), ($1 - interval '200 minutes', $1 - interval '200 minutes', 'failed')) AS r(at, until, outcome)`, anchor)
	if got := story(-200 * time.Minute); !strings.Contains(got, " failed; recorded at ") {
		t.Errorf("it failed among successes: %q", got)
	}
	if got := story(-210 * time.Minute); !strings.Contains(got, " succeeded; recorded at ") {
		t.Errorf("it was among successes: %q", got)
	}
	close(gate)
	finish(t, n)
	if got := story(3 * time.Hour); !strings.Contains(got, " succeeded after ") ||
		!strings.Contains(got, "; recorded at ") {
		t.Errorf("it has run: %q", got)
	}
}

// What was decided long before its fire time, as a person skipped it or passed it over, is told before that time and
// after it.
func TestWhyAtATimeThatWasDecidedAhead(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	add(t, s, storetest.Job(t, "j", `{"type":"interval","every":"1d"}`))
	j, err := s.SkipNext(t.Context(), "j", job.Author{Reason: "a holiday"})
	if err != nil {
		t.Fatal(err)
	}
	moved := j.After.Anchor.AddDate(0, 0, 5).Add(-time.Hour)
	if _, err := s.MoveNext(t.Context(), "j", moved, job.Author{Reason: "a strike"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{j.After.Anchor.AddDate(0, 0, 1), " was skipped (rescheduled): was skipped ahead by "},
		{j.After.Anchor.AddDate(0, 0, 3), "one of 3 fire times from "},
		{moved, " is a fire time that is still to come (in "},
		{j.After.Anchor.AddDate(0, 0, 5), " is a fire time that is still to come (in "},
	} {
		f, err := s.Why(t.Context(), "j", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := why.Explain(f).Story; !strings.Contains(got, c.want) {
			t.Errorf("at %s: %q lacks %q", c.at, got, c.want)
		}
	}
}

// Of a job that is not there, what is left of it is told.
func TestWhyAnUnknownJob(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	conn := storetest.Conn(t, url)
	f, err := s.Why(t.Context(), "nobody", time.Now())
	if err != nil || f.Known || f.Unknown() != `there is no job "nobody"` {
		t.Errorf("%q, %v", f.Unknown(), err)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = pgdue.now(), next_run_time = pgdue.now()")
	if _, err := s.Remove(t.Context(), "j", job.Author{}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, "INSERT INTO pgdue.job_events (job_id, at, actor, action, reason) VALUES ('j', "+
		"'2026-03-01 09:00Z', 'ada', 'removed', 'moved')")
	f, err = s.Why(t.Context(), "j", time.Time{})
	if want := `there is no job "j"; it was removed on 2026-03-01 09:00:00 UTC by ada: moved; its latest record is of 2`; err != nil || !strings.HasPrefix(f.Unknown(), want) {
		t.Errorf("%q, %v", f.Unknown(), err)
	}
}
