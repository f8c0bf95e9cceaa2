package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Next runs that were computed by other time zone rules are computed anew: what moves has an event, what stays has
// none, and afterwards nothing is left to do.
func TestRezone(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	daily := `{"type":"cron","expression":"0 9 1 1 *","timezone":"Africa/Casablanca"}`
	want := add(t, s, storetest.Job(t, "moves", daily)).NextRunTime
	add(t, s, storetest.Job(t, "stays", daily))
	add(t, s, storetest.Job(t, "knows-none", `{"type":"cron","expression":"0 9 1 1 *"}`))
	add(t, s, storetest.Job(t, "by-hand", daily))
	byHand := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	if _, err := s.MoveNext(t.Context(), "by-hand", byHand, job.Author{}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET zone_rules = 1 WHERE zone_rules IS NOT NULL")
	storetest.Exec(t, conn, `UPDATE pgdue.next_run_times SET next_run_time = next_run_time + interval '7 h',
		due_at = due_at + interval '7 h' WHERE job_id = 'moves'`)
	var moved []string
	rezone := func() {
		t.Helper()
		err := s.Rezone(t.Context(), job.Author{Actor: "pgdue on web-1"}, func(c policy.Change) {
			moved = append(moved, c.After.ID+" "+c.After.NextRunTime.Format(time.RFC3339))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rezone()
	rezone()
	if got := strings.Join(moved, ", "); got != "moves "+want.Format(time.RFC3339) {
		t.Errorf("moved %s, want moves to %s, once", got, want)
	}
	if o := overview(t, s, "moves"); !o.NextRunTime.Equal(want) || !o.DueAt.Equal(want) {
		t.Errorf("next run %s, due %s, want %s", o.NextRunTime, o.DueAt, want)
	}
	if o := overview(t, s, "by-hand"); !o.NextRunTime.Equal(byHand) {
		t.Errorf("what a person moved to %s is at %s", byHand, o.NextRunTime)
	}
	got := storetest.Query[string](t, conn, `SELECT string_agg(concat_ws(' ', job_id, actor, action, reason), ', ')
		FROM pgdue.job_events WHERE reason LIKE '%time zones changed%'`)
	const prefix = "moves pgdue on web-1 rescheduled the rules of time zones changed: the next run moved from "
	if !strings.HasPrefix(got, prefix) ||
		!strings.HasSuffix(got, "-01-01 09:00:00 in Africa/Casablanca") {
		t.Errorf("the events are %q", got)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.next_run_times WHERE zone_rules = $1",
		policy.ZoneRules()); n != 2 {
		t.Errorf("%d next runs are by the rules of this process, want 2", n)
	}
}

// Nodes know of others with other rules, as long as these live.
func TestOtherZoneRules(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	one, two := registered(t, s, "one"), registered(t, s, "two")
	for _, c := range []struct {
		rules int64
		alive bool
		want  int
	}{{7, true, 0}, {8, true, 1}, {8, false, 0}} {
		if err := s.TellZoneRules(t.Context(), one.ID, 7, "2026a"); err != nil {
			t.Fatal(err)
		}
		if err := s.TellZoneRules(t.Context(), two.ID, c.rules, "2025b"); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, conn, "UPDATE pgdue.nodes SET alive = $2 WHERE id = $1", two.ID, c.alive)
		others, err := s.OtherZoneRules(t.Context(), 7)
		theirs := job.ZoneRules{Name: "two", TZData: "2025b"}
		if err != nil || len(others) != c.want || c.want == 1 && others[0] != theirs {
			t.Errorf("with the rules %d, alive %v: %v, %v", c.rules, c.alive, others, err)
		}
	}
}
