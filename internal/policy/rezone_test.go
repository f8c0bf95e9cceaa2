package policy

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// A fire that was computed by other rules is moved to where the rules put it now: no day is lost, and none has two.
func TestRezone(t *testing.T) {
	const daily = `{"type":"cron","expression":"0 9 * * *","timezone":"Europe/Stockholm"}` // 08:00 UTC
	utc := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name            string
		last, next, now time.Time
		change          func(*Look)
		want            time.Time // zero: it stays
	}{
		{"by hours", utc(2, 15, 0), utc(3, 15, 0), utc(3, 6, 0), nil, utc(3, 8, 0)},
		{"by hours, over the day's end", utc(2, 22, 0), utc(3, 22, 0), utc(3, 6, 0), nil, utc(4, 8, 0)},
		{"earlier, which is over by now", utc(2, 9, 0), utc(3, 9, 0), utc(3, 8, 30), nil, utc(3, 8, 0)},
		{"later, after the day's fire", utc(3, 7, 0), utc(4, 7, 0), utc(3, 7, 30), nil, utc(4, 8, 0)},
		{"before any fire", time.Time{}, utc(3, 9, 0), utc(2, 12, 0), nil, utc(3, 8, 0)},
		{"paused", utc(2, 15, 0), utc(3, 15, 0), utc(3, 6, 0), paused, utc(3, 8, 0)},
		{"not at all", utc(2, 8, 0), utc(3, 8, 0), utc(3, 6, 0), nil, time.Time{}},
		{"due already", utc(2, 7, 0), utc(3, 7, 0), utc(3, 7, 30), nil, time.Time{}},
		{"moved by a person", utc(2, 8, 0), utc(3, 15, 0), utc(3, 6, 0), func(l *Look) { l.ZoneRules = 0 },
			time.Time{}},
		{"by the rules of this process", utc(2, 15, 0), utc(3, 15, 0), utc(3, 6, 0),
			func(l *Look) { l.ZoneRules = ZoneRules() }, time.Time{}},
		{"finished", utc(2, 15, 0), utc(3, 15, 0), utc(3, 6, 0), func(l *Look) { l.State = job.StateFinished },
			time.Time{}},
	} {
		l := lookAt(t, daily, utc(2, 7, 0))
		if l.ZoneRules != ZoneRules() {
			t.Fatalf("a new job's next run is by the rules %d, want %d", l.ZoneRules, ZoneRules())
		}
		l.LastRunTime, l.NextRunTime, l.DueAt, l.Now, l.ZoneRules = c.last, c.next, c.next, c.now, 1
		if c.change != nil {
			c.change(&l)
		}
		got := l.Rezone()
		switch {
		case c.want.IsZero() != got.Nothing():
			t.Errorf("%s: moved to %s", c.name, got.After.NextRunTime)
		case c.want.IsZero():
		case !got.After.NextRunTime.Equal(c.want) || got.After.ZoneRules != ZoneRules() || got.After.State != l.State:
			t.Errorf("%s: moved to %s, %s, want %s", c.name, got.After.NextRunTime, got.After.State, c.want)
		case l.State == job.StateActive && !got.After.DueAt.Equal(c.want):
			t.Errorf("%s: due at %s", c.name, got.After.DueAt)
		}
	}
}

// An equal definition, put again, heals a next run that was computed by other rules.
func TestRedefineHealsOtherZoneRules(t *testing.T) {
	l := lookAt(t, `{"type":"cron","expression":"0 9 * * *","timezone":"Europe/Stockholm"}`, t0)
	right := l.NextRunTime
	l.NextRunTime, l.ZoneRules = right.Add(7*time.Hour), 1
	if c, err := l.Redefine(l.Definition); err != nil || !c.After.NextRunTime.Equal(right) {
		t.Errorf("next run %s, %v, want %s", c.After.NextRunTime, err, right)
	}
}
