package policy

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pgdue/pgdue/internal/job"
)

// decidedAt is the job after a look at a moment.
func decidedAt(l Look, now time.Time) Look {
	d := Plan(on(l, now))
	l.State, l.NextRunTime, l.LastRunTime, l.DueAt = d.State, d.NextRunTime, d.LastRunTime, d.DueAt
	l.Moved, l.ZoneRules = d.Moved, d.ZoneRules
	return l
}

func TestAheadAfterTheClockWasSetBack(t *testing.T) {
	const (
		hourly = `{"type":"interval","every":"1h"}`
		daily  = `{"type":"cron","expression":"0 10 * * *"}`
		eight  = 8 * 3600.0
	)
	for _, c := range []struct {
		name, trigger     string
		decided, now      float64 // in seconds after t0, 09:00
		change            func(Look) Look
		ahead             bool
		next, mended, due float64
	}{
		{"an hour as it is", hourly, 3600, 5400, nil, false, 7200, 7200, 7200},
		{"8 h ahead, an interval keeps its times", hourly, eight + 60, 5400, nil, true, eight + 3600, 7200, 7200},
		{"8 h ahead, before its first fire", hourly, eight + 60, 1800, nil, true, eight + 3600, 5400, 5400},
		{"8 h ahead, cron", daily, eight, 1800, nil, true, 86400 + 3600, 3600, 3600},
		{"10 min ahead, every second", `{"type":"interval","every":"1s"}`, 700, 100.5, nil, true, 701, 101, 101},
		{"corrected by a second", `{"type":"interval","every":"1s"}`, 101, 100, nil, false, 102, 102, 102},
		{"paused", hourly, eight + 60, 5400, heldBack, true, eight + 3600, 7200, 0},
		{"skipped ahead by a person", hourly, 3600, 5400, skippedNext, false, 10800, 10800, 10800},
		{"moved by a person", hourly, 3600, 5400, movedAhead(eight), false, eight, eight, eight},
		{"moved by a person, and fired", hourly, 3600, 9000, func(l Look) Look {
			return decidedAt(movedAhead(9000)(on(l, at(5400))), at(9000))
		}, false, 10800, 10800, 10800},
	} {
		l := decidedAt(lookAt(t, c.trigger, t0), at(c.decided))
		if c.change != nil {
			l = c.change(on(l, at(c.now)))
		}
		l = on(l, at(c.now))
		if _, ahead := l.Ahead(); ahead != c.ahead || !l.NextRunTime.Equal(at(c.next)) {
			t.Errorf("%s: ahead %v, next %s, want %v, %s", c.name, ahead, l.NextRunTime, c.ahead, at(c.next))
		}
		m := l.MendClock()
		if m.Nothing() == c.ahead || !m.After.NextRunTime.Equal(at(c.mended)) || m.After.State != l.State {
			t.Errorf("%s: mended to %s, %s, want %s", c.name, m.After.NextRunTime, m.After.State, at(c.mended))
		}
		due := at(c.due)
		if c.due == 0 {
			due = time.Time{}
		}
		if !m.After.DueAt.Equal(due) {
			t.Errorf("%s: due at %s, want %s", c.name, m.After.DueAt, due)
		}
		after := Look{Job: *m.After, Now: l.Now}
		if _, ahead := after.Ahead(); ahead {
			t.Errorf("%s: it is still ahead", c.name)
		}
		if fire := l.RunOf(m.After.NextRunTime); c.ahead && m.After.RunOf(m.After.NextRunTime).RunID == fire.RunID {
			t.Errorf("%s: the run of %s is one that may be decided", c.name, m.After.NextRunTime)
		}
	}
}

func heldBack(l Look) Look { paused(&l); return l }

func skippedNext(l Look) Look {
	c, err := l.SkipNext(job.Author{})
	if err != nil {
		panic(err)
	}
	l.Job = *c.After
	return l
}

func movedAhead(seconds float64) func(Look) Look {
	return func(l Look) Look {
		c, err := l.MoveNext(at(seconds), job.Author{})
		if err != nil {
			panic(err)
		}
		l.Job = *c.After
		return l
	}
}

func TestAheadWhenCreatedByAClockThatWasAhead(t *testing.T) {
	l := on(lookAt(t, every5s, at(3600)), t0)
	m := l.MendClock()
	if _, ahead := l.Ahead(); !ahead || !m.After.NextRunTime.Equal(at(5)) || !m.After.Anchor.Equal(t0) {
		t.Errorf("ahead %v, mended to %s from %s", ahead, m.After.NextRunTime, m.After.Anchor)
	}
}

// While the clock goes forward nothing is ahead, whatever is done to a job.
func TestNothingIsAheadWhileTheClockGoesForward(t *testing.T) {
	triggers := []string{every5s, `{"type":"cron","expression":"*/7 * * * * *"}`,
		`{"type":"any","of":[{"type":"interval","every":"3s"},{"type":"date","at":"2026-03-01T09:00:20"}]}`,
		`{"type":"calendar","days":1,"at":"09:00:30","jitter":"10s"}`}
	rapid.Check(t, func(r *rapid.T) {
		l, now := lookAt(t, rapid.SampledFrom(triggers).Draw(r, "trigger"), t0), 0.0
		for range 12 {
			now += rapid.Float64Range(0, 40).Draw(r, "wait")
			l = on(l, at(now))
			acts := []string{"look", "look", "skip", "move", "pause", "resume"}
			switch rapid.SampledFrom(acts).Draw(r, "act") {
			case "look":
				if l.State == job.StateActive {
					l = decidedAt(l, at(now))
				}
			case "skip":
				if c, err := l.SkipNext(job.Author{}); err == nil {
					l.Job = *c.After
				}
			case "move":
				if c, err := l.MoveNext(at(now+rapid.Float64Range(1, 100).Draw(r, "to")), job.Author{}); err == nil {
					l.Job = *c.After
				}
			case "pause":
				if c, err := l.Pause(job.Author{}); err == nil {
					l.Job = *c.After
				}
			case "resume":
				c := l.Resume(false)
				l.Job = *c.After
			}
			if due, ahead := l.Ahead(); ahead {
				r.Fatalf("at %s the next run, %s, is ahead of %s", l.Now, l.NextRunTime, due)
			}
		}
	})
}
