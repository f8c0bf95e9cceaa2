package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pgdue/pgdue/internal/job"
)

// gist is what a decision comes to, in seconds after t0.
type gist struct {
	Begin   []float64
	Skip    []span
	Remove  bool
	State   job.State
	Next    float64 // -1: none
	Last    float64 // -1: none
	Due     float64 // -1: never
	AtLimit bool
}

// span is a skip record's reason, first and last fire time and their count.
type span struct {
	Reason      job.Reason
	First, Last float64
	Count       int64
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return -1
	}
	return t.Sub(t0).Seconds()
}

func gistOf(d Decision) gist {
	g := gist{Remove: d.Remove, State: d.State, Next: seconds(d.NextRunTime), Last: seconds(d.LastRunTime),
		Due: seconds(d.DueAt), AtLimit: d.AtLimit != nil}
	for _, r := range d.Begin {
		g.Begin = append(g.Begin, seconds(r.ScheduledRunTime))
	}
	for _, r := range d.Skip {
		g.Skip = append(g.Skip, span{r.Reason, seconds(r.FirstRunTime), seconds(r.LastRunTime), r.FireCount})
	}
	return g
}

const day = 86400

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name    string
		trigger string
		change  func(*Look)
		now     float64
		live    []job.Instance
		want    gist
	}{
		{"due", every5s, nil, 5, nil, gist{Begin: []float64{5}, State: job.StateActive, Next: 10, Last: 5, Due: 10}},
		{"due a little late", every5s, nil, 9.999999, nil,
			gist{Begin: []float64{5}, State: job.StateActive, Next: 10, Last: 5, Due: 10}},
		{"overdue: the latest runs, the others are one record", every5s, nil, 62, nil,
			gist{Begin: []float64{60}, Skip: []span{{job.ReasonCoalesced, 5, 55, 11}}, State: job.StateActive, Next: 65,
				Last: 60, Due: 65}},
		{"overdue by one", every5s, nil, 10, nil,
			gist{Begin: []float64{10}, Skip: []span{{job.ReasonCoalesced, 5, 5, 1}}, State: job.StateActive, Next: 15,
				Last: 10, Due: 15}},
		{"at the limit", every5s, nil, 5, instances(1),
			gist{Skip: []span{{job.ReasonMaxInstances, 5, 5, 1}}, State: job.StateActive, Next: 10, Last: 5, Due: 10,
				AtLimit: true}},
		{"above the limit", every5s, nil, 5, instances(1, 2, 3),
			gist{Skip: []span{{job.ReasonMaxInstances, 5, 5, 1}}, State: job.StateActive, Next: 10, Last: 5, Due: 10,
				AtLimit: true}},
		{"below the limit", every5s, func(j *Look) { j.MaxInstances = 3 }, 5, instances(1, 2),
			gist{Begin: []float64{5}, State: job.StateActive, Next: 10, Last: 5, Due: 10}},
		{"overdue at the limit", every5s, nil, 22, instances(1),
			gist{Skip: []span{{job.ReasonCoalesced, 5, 15, 3}, {job.ReasonMaxInstances, 20, 20, 1}},
				State: job.StateActive, Next: 25, Last: 20, Due: 25, AtLimit: true}},
		{"date runs and is finished", `{"type":"date"}`, nil, 0.001, nil,
			gist{Begin: []float64{0}, State: job.StateFinished, Next: -1, Last: 0, Due: day + 0.001}},
		{"date at the limit is finished too", `{"type":"date"}`, nil, 1, instances(0),
			gist{Skip: []span{{job.ReasonMaxInstances, 0, 0, 1}}, State: job.StateFinished, Next: -1, Last: 0,
				Due: day + 1, AtLimit: true}},
		{"trigger that ends", `{"type":"interval","every":"5s","end":"2026-03-01T09:00:12Z"}`, nil, 30, nil,
			gist{Begin: []float64{10}, Skip: []span{{job.ReasonCoalesced, 5, 5, 1}}, State: job.StateFinished, Next: -1,
				Last: 10, Due: day + 30}},
		{"finished is removed", `{"type":"date"}`, finished, day, nil,
			gist{Remove: true, State: job.StateFinished, Next: -1, Last: 0, Due: 2 * day}},
		{"finished stays while its run runs", `{"type":"date"}`, finished, day, instances(0),
			gist{State: job.StateFinished, Next: -1, Last: 0, Due: 2 * day}},
		{"paused", every5s, func(j *Look) { j.State = job.StatePaused }, 7, nil,
			gist{State: job.StatePaused, Next: 5, Last: -1, Due: -1}},
		{"blocked", every5s, func(j *Look) { j.State, j.Error = job.StateBlocked, "x" }, 7, nil,
			gist{State: job.StateBlocked, Next: 5, Last: -1, Due: -1}},
		{"clock gone backwards", every5s, nil, -3600, nil, gist{State: job.StateActive, Next: 5, Last: -1, Due: 5}},
		{"mended by hand: later", every5s, func(j *Look) { j.NextRunTime = at(62) }, 5, nil,
			gist{State: job.StateActive, Next: 62, Last: -1, Due: 62}},
		{"mended by hand: to no fire time", every5s, func(j *Look) { j.NextRunTime = at(62) }, 62, nil,
			gist{Begin: []float64{62}, State: job.StateActive, Next: 65, Last: 62, Due: 65}},
		{"mended by hand: overdue", every5s, func(j *Look) { j.NextRunTime = at(2) }, 11, nil,
			gist{Begin: []float64{10}, Skip: []span{{job.ReasonCoalesced, 2, 5, 2}}, State: job.StateActive, Next: 15,
				Last: 10, Due: 15}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			if c.change != nil {
				c.change(&j)
			}
			d := planAt(j, at(c.now), c.live, nil)
			if diff := cmp.Diff(c.want, gistOf(d)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func finished(j *Look) { j.State, j.NextRunTime, j.LastRunTime = job.StateFinished, time.Time{}, t0 }

// A fire begins when its drawn delay has passed; the delay is drawn once, not at every look.
func TestPlanDrawsJitterOnce(t *testing.T) {
	for range 100 {
		j := lookAt(t, `{"type":"interval","every":"1h","jitter":"30m"}`, t0)
		if delay := j.DueAt.Sub(j.NextRunTime); delay < 0 || delay > 30*time.Minute {
			t.Fatalf("delay is %s", delay)
		}
		d := planAt(j, j.DueAt, nil, nil)
		if len(d.Begin) != 1 || !d.Begin[0].ScheduledRunTime.Equal(at(3600)) {
			t.Fatalf("due at %s: %+v", j.DueAt, d)
		}
	}
}

// The sentence of a skip names the instance in the way, since when and where it runs, and the number that would do.
func TestAtLimitTellsTheRemedy(t *testing.T) {
	for _, c := range []struct {
		name    string
		trigger string
		change  func(*Look)
		now     float64
		live    []job.Instance
		enough  int
		remedy  string
	}{
		{"runs took 60 s, a fire every 5 s", every5s, func(j *Look) { j.Pace = took(time.Minute) }, 5,
			instances(0), 13,
			"max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every 5s)"},
		{"60.02 s are more than 60 s", every5s, func(j *Look) { j.Pace = took(60020 * time.Millisecond) }, 5,
			instances(0), 13,
			"max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every 5s)"},
		{"63 s are more", every5s, func(j *Look) { j.Pace = took(63 * time.Second) }, 5, instances(0), 14,
			"max_instances 14 would be enough (runs take 1m3s, with a margin 1m6.2s, a fire comes every 5s)"},
		{"a run is at it still", every5s, nil, 25, instances(0, 3), 6,
			"at least max_instances 6 (a run has taken 25s so far, a fire comes every 5s; the number is sure once a " +
				"run has ended)"},
		{"always more than the limit", every5s, func(j *Look) { j.Pace = took(time.Second) }, 5, instances(4), 2,
			"max_instances 2 would be enough (runs take 1s, with a margin 1.1s, a fire comes every 5s)"},
		{"three fires in a row, and then none for long", `{"type":"cron","expression":"0,1,2 * * * *"}`,
			func(j *Look) { j.Pace = took(150 * time.Second) }, 120, instances(0, 60), 3,
			"max_instances 3 would be enough (runs take 2m30s, with a margin 2m37.5s, a fire comes every " +
				"1m0s at times)"},
		{"two hours of such", `{"type":"cron","expression":"0,1,2 * * * *"}`,
			func(j *Look) { j.Pace = took(90 * time.Minute) }, 60, instances(0), 6,
			"max_instances 6 would be enough (runs take 1h30m0s, with a margin 1h34m30s, a fire comes every " +
				"1m0s at times)"},
		{"one-off added every 5 s", `{"type":"date"}`,
			func(j *Look) { j.LastRunTime, j.Pace = at(-5), took(time.Minute) }, 0, instances(-5), 13,
			"max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every 5s)"},
		{"one-off added every 5 s, but for once", `{"type":"date"}`,
			func(j *Look) { j.LastRunTime, j.Pace = at(-0.5), took(time.Minute); j.Pace.Gap = 5 * time.Second }, 0,
			instances(-5), 13,
			"max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every 5s)"},
		{"one-off added once", `{"type":"date"}`, nil, 0, instances(-5), 2,
			"max_instances 2 lets one more run beside it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			if c.change != nil {
				c.change(&j)
			}
			l := planAt(j, at(c.now), c.live, nil).AtLimit
			if l == nil {
				t.Fatal("not at the limit")
			}
			if l.Enough != c.enough {
				t.Errorf("Enough is %d, want %d", l.Enough, c.enough)
			}
			for _, want := range []string{
				"maximum number of running instances reached (1): run " + c.live[0].RunID.String() +
					" has been running since 2026-03-01 0",
				"on web-1:4711/7f3a", c.remedy,
			} {
				if s := l.Sentence(at(c.now)); !strings.Contains(s, want) {
					t.Errorf("sentence %q lacks %q", s, want)
				}
			}
		})
	}
}

// Law: whenever the looks come, and whatever runs then, the records and runs cover every fire time exactly once.
func TestEveryFireTimeHasOneFate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.Int64Range(1000, 50_000_000).Draw(t, "every")) * time.Microsecond
		j := jobEvery(t, every)
		j.MaxInstances = rapid.IntRange(1, 3).Draw(t, "max_instances")
		now, covered := t0, int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 10*every.Microseconds()).Draw(t,
				"pause")) * time.Microsecond)
			live := make([]job.Instance, rapid.IntRange(0, 3).Draw(t, "live"))
			for i := range live {
				live[i].StartedAt = t0
			}
			d := planAt(j, now, live, nil)
			if len(d.Begin) > 1 || len(d.Begin) == 1 && len(live) >= j.MaxInstances {
				t.Fatalf("%d runs begin beside %d instances", len(d.Begin), len(live))
			}
			for _, r := range d.Skip {
				covered = cover(t, every, covered, r.FirstRunTime, r.LastRunTime, r.FireCount)
			}
			for _, r := range d.Begin {
				covered = cover(t, every, covered, r.ScheduledRunTime, r.ScheduledRunTime, 1)
			}
			if due := int64(now.Sub(t0) / every); covered != due {
				t.Fatalf("%d fire times have a fate at %s, %d are past", covered, now, due)
			}
			if !d.NextRunTime.Equal(t0.Add(time.Duration(covered+1)*every)) || !d.DueAt.Equal(d.NextRunTime) {
				t.Fatalf("next run time %s, due %s", d.NextRunTime, d.DueAt)
			}
			j.State, j.NextRunTime, j.LastRunTime, j.DueAt = d.State, d.NextRunTime, d.LastRunTime, d.DueAt
		}
	})
}

// cover checks that a span of fire times follows those that are covered, and returns how many are covered with it.
func cover(t *rapid.T, every time.Duration, covered int64, first, last time.Time, count int64) int64 {
	if !first.Equal(t0.Add(time.Duration(covered+1)*every)) || !last.Equal(t0.Add(time.Duration(covered+count)*every)) {
		t.Fatalf("%s to %s, %d fire times, follow fire time %d", first, last, count, covered)
	}
	return covered + count
}
