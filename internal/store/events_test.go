package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/trigger"
)

// toldOf are a job's events, oldest first: who, what and why, and what of some columns became what.
func toldOf(events []job.Event) (told []string) {
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		line := fmt.Sprintf("%s %s", e.Actor, e.Action)
		if e.Reason != "" {
			line += " (" + e.Reason + ")"
		}
		for _, column := range []string{"max_instances", "state"} {
			if before, after := columnOf(e.Before, column), columnOf(e.After, column); before != after {
				line += fmt.Sprintf(", %s: %s → %s", column, before, after)
			}
		}
		told = append(told, line)
	}
	return told
}

func columnOf(row json.RawMessage, name string) string {
	var columns map[string]any
	if row != nil && json.Unmarshal(row, &columns) == nil {
		return fmt.Sprint(columns[name])
	}
	return "-"
}

// Each edit that changes something tells of itself in one event, with the rows before and after; one that changes
// nothing, or is refused, tells nothing. The events outlive the job.
func TestEditsTellOfThemselves(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	d := storetest.Job(t, "e", `{"type":"interval","every":"1h"}`)
	more, other := d, storetest.Job(t, "e", `{"type":"interval","every":"2h"}`)
	more.MaxInstances, other.MaxInstances = 3, 3
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(who string, d job.Definition) error {
		_, err := s.Put(t.Context(), d, job.Author{Actor: who})
		return err
	}
	add(t, s, d)
	must(nil, put("ada", d)) // equal: nothing
	must(nil, put("ada", more))
	must(nil, put("bob", other))
	must(s.Pause(t.Context(), "e", job.Author{Actor: "ada", Reason: "moved"}))
	must(s.Pause(t.Context(), "e", job.Author{Actor: "bob", Reason: "again"})) // paused already: nothing
	must(s.SkipNext(t.Context(), "e", job.Author{Actor: "bob", Reason: "holiday"}))
	must(s.Resume(t.Context(), "e", false, job.Author{Actor: "bob", Reason: "it is back"}))
	must(s.Resume(t.Context(), "e", false, job.Author{Actor: "bob"})) // nothing
	run, err := s.RunNow(t.Context(), "e", "", job.Author{Actor: "eve"})
	must(run, err)
	must(s.Reschedule(t.Context(), "e", storetest.Job(t, "e", `{"type":"interval","every":"1h"}`).Trigger,
		job.Author{Actor: "ada", Reason: "back"}))
	o, err := s.MoveNext(t.Context(), "e", time.Now().Add(90*time.Minute).Truncate(time.Second),
		job.Author{Actor: "ada", Reason: "later"})
	must(o, err)
	must(s.MoveNext(t.Context(), "e", o.After.NextRunTime, job.Author{Actor: "ada", Reason: "where it is"})) // nothing
	if _, err := s.MoveNext(t.Context(), "e", time.Now().Add(-time.Hour), job.Author{Actor: "ada"}); !errors.Is(err,
		job.ErrInvalid) {
		t.Errorf("moved into the past: %v", err)
	}
	more.MaxInstances = 4
	must(s.Modify(t.Context(), "e", o.After.Revision, more, job.Author{Actor: "ada", Reason: "slower"}))
	must(s.Remove(t.Context(), "e", job.Author{Actor: "eve", Reason: "replaced"}))

	events, _, err := s.Events(t.Context(), job.EventFilter{JobID: "e", Limit: 100})
	must(events, err)
	want := []string{
		"somebody added, max_instances: - → 1, state: - → active",
		"ada changed, max_instances: 1 → 3",
		"bob rescheduled",
		"ada paused (moved), state: active → paused",
		"bob next_skipped (holiday)",
		"bob resumed (it is back), state: paused → active",
		"eve run_asked",
		"ada rescheduled (back)",
		"ada rescheduled (later)",
		"ada changed (slower), max_instances: 3 → 4",
		"eve removed (replaced), max_instances: 4 → -, state: active → -",
	}
	if diff := cmp.Diff(want, toldOf(events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if asked := events[4]; columnOf(asked.After, "run_id") != run.Wait[0].RunID.String() ||
		columnOf(asked.Before, "run_id") != "<nil>" {
		t.Errorf("the run that was asked for is told as %s → %s", asked.Before, asked.After)
	}
	for i, e := range events[1:] {
		if e.After == nil || e.ID >= events[i].ID || e.At.After(events[i].At) {
			t.Errorf("event %d at %s comes before %d at %s, after %s", e.ID, e.At, events[i].ID, events[i].At, e.After)
		}
	}
	page, _, err := s.Events(t.Context(), job.EventFilter{JobID: "e", Before: events[7].ID, Limit: 1})
	if err != nil || len(page) != 1 || page[0].ID != events[8].ID {
		t.Errorf("the page before %d: %v, %v", events[7].ID, page, err)
	}
}

// The rows before and after are those that the edit found and left, also of a job that nobody can read.
func TestEventHoldsTheRows(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "e", `{"type":"interval","every":"1h"}`))
	const rows = `SELECT (to_jsonb(j) || (to_jsonb(n) - '{job_id,queue,error}'::text[]))::text
		FROM pgdue.jobs j JOIN pgdue.next_run_times n ON n.job_id = j.id`
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET trigger = '{"type":"moon"}'`)
	before := storetest.Query[string](t, conn, rows)
	if _, err := s.Reschedule(t.Context(), "e", mustParse(t, `{"type":"interval","every":"2h"}`),
		job.Author{}); err != nil {
		t.Fatal(err)
	}
	after := storetest.Query[string](t, conn, rows)
	events, _, err := s.Events(t.Context(), job.EventFilter{JobID: "e", Limit: 1})
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	if string(events[0].Before) != before || string(events[0].After) != after || !strings.Contains(before, "moon") {
		t.Errorf("before is %s\nwant %s\nafter is %s\nwant %s", events[0].Before, before, events[0].After, after)
	}
}

func mustParse(t *testing.T, json string) *trigger.Trigger {
	t.Helper()
	when, err := trigger.Parse([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// Who cancels tells of it, with the run; who finds nothing to cancel does not, and a job that is removed by now has no
// rows.
func TestCancelTellsOfItself(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	add(t, s, storetest.Job(t, "c", `{"type":"date"}`))
	ada := func(why string) job.Author { return job.Author{Actor: "ada", Reason: why} }
	if _, err := s.CancelAll(t.Context(), "c", ada("nothing runs")); err != nil {
		t.Fatal(err)
	}
	waiting, err := s.RunNow(t.Context(), "c", "", ada(""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cancel(t.Context(), "c", waiting.Wait[0].RunID, ada("not this one")); err != nil {
		t.Fatal(err)
	}
	tick(t, n)
	if _, err := s.Remove(t.Context(), "c", ada("")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CancelAll(t.Context(), "c", ada("gone")); err != nil {
		t.Fatal(err)
	}
	close(gate)
	finish(t, n)
	events, _, err := s.Events(t.Context(), job.EventFilter{JobID: "c", Limit: 10})
	if err != nil || len(events) != 5 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if e := events[2]; e.Action != job.ActionCancelAsked || e.Reason != "not this one" ||
		columnOf(e.After, "run_id") != waiting.Wait[0].RunID.String() {
		t.Errorf("the cancelled run is told as %+v", e)
	}
	if e := events[0]; e.Action != job.ActionCancelAsked || e.Reason != "gone" || e.Before != nil || e.After != nil ||
		e.Actor != "ada" {
		t.Errorf("the cancelled runs of the removed job are told as %+v", e)
	}
}

// However long the values of a job are, what an event holds and a page takes is bounded: what is long and did not
// change is left out, of what is very long the length is told, and a page ends when it is full.
func TestEventsOfALargeJob(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	d := storetest.Job(t, "e", `{"type":"interval","every":"1h"}`)
	program := func(length, edit int) job.Work {
		return &job.Exec{Command: []string{"true", fmt.Sprint(edit) + strings.Repeat("x", length)}}
	}
	put := func() {
		t.Helper()
		if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	d.Work = program(900_000, 0)
	put()
	d.MaxInstances = 2 // alone
	put()
	for edit := range 40 {
		d.Work = program(50_000, edit)
		put()
	}
	var events []job.Event
	var sizes []int
	for before, more := int64(0), true; more; {
		page, behind, err := s.Events(t.Context(), job.EventFilter{JobID: "e", Before: before, Limit: 1000})
		if err != nil || len(page) == 0 {
			t.Fatal(page, err)
		}
		bytes := 0
		for _, e := range page {
			bytes += len(e.Before) + len(e.After)
		}
		events, sizes = append(events, page...), append(sizes, bytes)
		before, more = page[len(page)-1].ID, behind
	}
	if len(events) != 42 || len(sizes) < 4 || slices.Max(sizes) > 1<<20+150_000 {
		t.Fatalf("%d events in pages of %d bytes", len(events), sizes)
	}
	alone, added := events[40], events[41]
	if len(alone.Before)+len(alone.After) > 4000 || columnOf(alone.After, "max_instances") != "2" ||
		columnOf(alone.After, "payload") != "<nil>" {
		t.Errorf("a small change is told with %d bytes: %.200s", len(alone.Before)+len(alone.After), alone.After)
	}
	if told := columnOf(added.After, "payload"); !strings.HasPrefix(told, "left out: 9000") || added.Before != nil {
		t.Errorf("the addition is told as %.200s", told)
	}
	if told := columnOf(events[0].After, "payload"); !strings.Contains(told, "39xxx") {
		t.Errorf("the last edit is told as %.200s", told)
	}
}
