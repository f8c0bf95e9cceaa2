package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
)

// outline is a decision without ids and sentences.
type outline struct {
	Begin []string // fire times, W before those that waited
	Wait  []string
	Skip  []string // reason first..last xcount
	DueIn time.Duration
}

func outlineOf(d Decision, now time.Time) outline {
	clock := func(t time.Time) string { return t.Format("15:04:05") }
	var o outline
	for _, b := range d.Begin {
		waited := ""
		if b.Waited {
			waited = "W"
		}
		o.Begin = append(o.Begin, fmt.Sprintf("%s%s stands for %d", waited, clock(b.ScheduledRunTime), b.FireCount))
	}
	for _, w := range d.Wait {
		o.Wait = append(o.Wait, clock(w.ScheduledRunTime))
	}
	for _, r := range d.Skip {
		o.Skip = append(o.Skip,
			fmt.Sprintf("%s %s..%s x%d", r.Reason, clock(r.FirstRunTime), clock(r.LastRunTime), r.FireCount))
	}
	if !d.DueAt.IsZero() {
		o.DueIn = d.DueAt.Sub(now)
	}
	return o
}

// What fires become at the limit, late, and after an outage.
func TestPlanOverlapMisfireCoalesce(t *testing.T) {
	const every = 10 * time.Second
	base := jobEvery(t, every)
	base.MaxWaiting = job.Defaults().MaxWaiting
	due := base.NextRunTime
	live := []job.Instance{{Run: job.Run{JobID: base.ID}, StartedAt: due.Add(-time.Minute)}}
	waits := func(n int) (list []job.WaitingRun) {
		for i := range n {
			at := due.Add(time.Duration(i-n) * every)
			list = append(list,
				job.WaitingRun{Run: base.RunOf(at), StandsFor: job.StandsFor{FireCount: 1}, CreatedAt: at})
		}
		return list
	}
	at := func(n int) string { return due.Add(time.Duration(n) * every).Format("15:04:05") }
	tests := []struct {
		name    string
		change  func(*Look)
		late    time.Duration
		live    []job.Instance
		waiting []job.WaitingRun
		want    outline
	}{
		{name: "wait, free: begins", change: func(j *Look) { j.Overlap = job.OverlapWait },
			want: outline{Begin: []string{at(0) + " stands for 1"}, DueIn: every}},
		{name: "wait, the first: waits, and is looked at once more",
			change: func(j *Look) { j.Overlap = job.OverlapWait }, live: live,
			want: outline{Wait: []string{at(0)}}},
		{name: "wait, not the first: waits, looked at at the next fire",
			change: func(j *Look) { j.Overlap = job.OverlapWait }, live: live, waiting: waits(1),
			want: outline{Wait: []string{at(0)}, DueIn: every}},
		{name: "wait, full", change: func(j *Look) { j.Overlap, j.MaxWaiting = job.OverlapWait, 2 }, live: live,
			waiting: waits(2),
			want:    outline{Skip: []string{"max_waiting " + at(0) + ".." + at(0) + " x1"}, DueIn: every}},
		{name: "free and one waits: it goes first, the fire is for the next look", waiting: waits(1),
			want: outline{Begin: []string{"W" + at(-1) + " stands for 1"}}},
		{name: "two are free and two wait: one look begins one",
			change:  func(j *Look) { j.MaxInstances = 2; j.NextRunTime, j.DueAt = due.Add(time.Hour), due },
			waiting: waits(2),
			want:    outline{Begin: []string{"W" + at(-2) + " stands for 1"}}},
		{name: "only one of two that wait fits",
			change: func(j *Look) { j.NextRunTime, j.DueAt = due.Add(time.Hour), due }, waiting: waits(2),
			want: outline{Begin: []string{"W" + at(-2) + " stands for 1"}, DueIn: RelookAtLimit}},
		{name: "within the grace time", change: func(j *Look) { j.MisfireGraceTime = 5 * time.Second },
			late: 5 * time.Second,
			want: outline{Begin: []string{at(0) + " stands for 1"}, DueIn: 5 * time.Second}},
		{name: "a moment later", change: func(j *Look) { j.MisfireGraceTime = 5 * time.Second },
			late: 5*time.Second + time.Microsecond,
			want: outline{Skip: []string{"misfire " + at(0) + ".." + at(0) + " x1"},
				DueIn: 5*time.Second - time.Microsecond}},
		{name: "late at the limit: the limit is named", change: func(j *Look) { j.MisfireGraceTime = time.Second },
			late: 5 * time.Second, live: live,
			want: outline{Skip: []string{"max_instances " + at(0) + ".." + at(0) + " x1"}, DueIn: 5 * time.Second}},
		{name: "latest", late: 35 * time.Second,
			want: outline{Begin: []string{at(3) + " stands for 4"},
				Skip: []string{"coalesced " + at(0) + ".." + at(2) + " x3"}, DueIn: 5 * time.Second}},
		{name: "earliest", change: func(j *Look) { j.Coalesce = job.CoalesceEarliest }, late: 35 * time.Second,
			want: outline{Begin: []string{at(0) + " stands for 4"},
				Skip: []string{"coalesced " + at(1) + ".." + at(3) + " x3"}, DueIn: 5 * time.Second}},
		{name: "all: one begins, the others wait", change: func(j *Look) { j.Coalesce = job.CoalesceAll },
			late: 35 * time.Second,
			want: outline{Begin: []string{at(0) + " stands for 1"}, Wait: []string{at(1), at(2), at(3)}}},
		{name: "all, with a grace time for some",
			change: func(j *Look) { j.Coalesce, j.MisfireGraceTime = job.CoalesceAll, 20*time.Second },
			late:   35 * time.Second,
			want: outline{
				Begin: []string{at(2) + " stands for 1"}, Wait: []string{at(3)},
				Skip: []string{"misfire " + at(0) + ".." + at(1) + " x2"},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := base
			if tt.change != nil {
				tt.change(&j)
			}
			now := due.Add(tt.late)
			if diff := cmp.Diff(tt.want, outlineOf(planAt(j, now, tt.live, tt.waiting), now)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// After an outage of 30 days, coalesce all runs the oldest 1,000 fire times of a one-second job and records the rest.
func TestPlanCatchesUpWithinBounds(t *testing.T) {
	j := jobEvery(t, time.Second)
	j.Coalesce = job.CoalesceAll
	now := j.NextRunTime.Add(30 * 24 * time.Hour)
	started := time.Now()
	d := planAt(j, now, nil, nil)
	if took := time.Since(started); took > 500*time.Millisecond {
		t.Errorf("took %s", took)
	}
	if len(d.Begin) != 1 || len(d.Wait) != catchUpLimit-1 || len(d.Skip) != 1 {
		t.Fatalf("%d begin, %d wait, %d skips", len(d.Begin), len(d.Wait), len(d.Skip))
	}
	r := d.Skip[0]
	if want := int64(30*24*3600 + 1 - catchUpLimit); r.Reason != job.ReasonCatchUpLimit || r.FireCount != want ||
		!r.FirstRunTime.Equal(j.NextRunTime.Add(catchUpLimit*time.Second)) || !r.LastRunTime.Equal(now) {
		t.Errorf("the rest is %s x%d %s..%s, want x%d", r.Reason, r.FireCount, r.FirstRunTime, r.LastRunTime, want)
	}
}

// A finished job with waiting runs is not removed, and begins them.
func TestPlanFinishedJobWithWaitingRuns(t *testing.T) {
	j := jobEvery(t, time.Second)
	now := j.NextRunTime
	w := j.ManualRun(now)
	j.State, j.NextRunTime = job.StateFinished, time.Time{}
	busy := planAt(j, now, []job.Instance{{StartedAt: now}}, []job.WaitingRun{w})
	if busy.Remove || len(busy.Begin) != 0 || busy.DueAt.Sub(now) != RelookAtLimit {
		t.Errorf("at the limit: %+v", busy)
	}
	free := planAt(j, now, nil, []job.WaitingRun{w})
	if free.Remove || len(free.Begin) != 1 || free.Begin[0].RunID != w.RunID ||
		free.Begin[0].Cause != job.CauseManual || free.DueAt.Sub(now) != removeAfter {
		t.Errorf("with a free instance: %+v", free)
	}
	j.State = job.StateBlocked
	if d := planAt(j, now, nil, []job.WaitingRun{w}); len(d.Begin) != 0 || !d.DueAt.IsZero() {
		t.Errorf("blocked: %+v", d)
	}
}

// A next run time that was set back by hand onto a fire whose run still runs neither begins it again nor skips it.
func TestPlanFireWhoseRunStillRuns(t *testing.T) {
	j := jobEvery(t, time.Second)
	j.MaxInstances = 2
	now := j.NextRunTime
	d := planAt(j, now, []job.Instance{{Run: j.RunOf(now), StartedAt: now}}, nil)
	if len(d.Begin)+len(d.Skip)+len(d.Wait) != 0 || !d.NextRunTime.Equal(now.Add(time.Second)) {
		t.Errorf("decision is %+v, want the next fire time only", d)
	}
}
