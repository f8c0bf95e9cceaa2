package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// What a fire does at the limit where it replaces: it waits before all others, alone, and one instance is being
// cancelled.
func TestPlanReplaces(t *testing.T) {
	const every = 10 * time.Second
	base := jobEvery(t, every)
	base.Overlap, base.MaxInstances, base.MaxWaiting = job.OverlapReplace, 2, 100
	due := base.NextRunTime
	clock := func(t time.Time) string { return t.Format("05") }
	inst := func(age time.Duration) job.Instance {
		return job.Instance{Run: job.Run{JobID: base.ID, RunID: uuid.NewSHA1(uuid.Nil, []byte(age.String())),
			ScheduledRunTime: due.Add(-age)}, StartedAt: due.Add(-age), State: job.InstanceExecuting}
	}
	asked, retrying := inst(30*time.Second), inst(50*time.Second)
	asked.Cancel = job.CancelRequest{At: due, By: "ada"}
	retrying.State, retrying.NotBefore, retrying.Attempt, retrying.JobRevision = job.InstanceRetrying,
		due.Add(time.Hour), 1, base.Revision
	strange := retrying
	strange.JobRevision = 0
	base.MaxAttempts = 3
	waits := func(front bool) []job.WaitingRun {
		return []job.WaitingRun{{Run: base.RunOf(due.Add(-every)), StandsFor: job.StandsFor{FireCount: 1},
			CreatedAt: due.Add(-every), Front: front}}
	}
	manual := []job.WaitingRun{base.ManualRun(due.Add(-time.Second))}
	for _, c := range []struct {
		name    string
		live    []job.Instance
		waiting []job.WaitingRun
		change  func(*Look)
		want    string
	}{
		{"below the limit it begins", []job.Instance{inst(30 * time.Second)}, nil, nil, "begin 10; due in 10s"},
		{"at the limit it waits in front, and the oldest is asked to cancel",
			[]job.Instance{inst(20 * time.Second), inst(30 * time.Second)}, nil, nil,
			"wait 10 in front; cancel 40; due in 0s"},
		{"a later one takes its place, and the request stays", []job.Instance{inst(20 * time.Second), asked},
			waits(true), nil,
			"wait 10 in front; replaced 00; unwait 00; due in 10s"},
		{"where nobody is asked any more, the oldest is again",
			[]job.Instance{inst(20 * time.Second), inst(30 * time.Second)}, waits(true), nil,
			"wait 10 in front; replaced 00; unwait 00; cancel 40; due in 10s"},
		{"one that somebody cancels is enough", []job.Instance{inst(20 * time.Second), asked}, nil, nil,
			"wait 10 in front; due in 0s"},
		{"it passes those that wait for their turn", []job.Instance{inst(20 * time.Second), inst(30 * time.Second)},
			manual, nil,
			"wait 10 in front; cancel 40; due in 10s"},
		{"an instance between attempts makes room at once", []job.Instance{inst(20 * time.Second), retrying}, nil, nil,
			"begin 10; give up 20; due in 10s"},
		{"below a limit that was lowered nothing is begun for it",
			[]job.Instance{inst(20 * time.Second), inst(30 * time.Second), retrying}, nil, nil,
			"wait 10 in front; give up 20; due in 0s"},
		{"one that is given up anyway is not the one to replace",
			[]job.Instance{inst(20 * time.Second), inst(30 * time.Second), strange}, nil, nil,
			"wait 10 in front; cancel 40; give up 20; due in 0s"},
		{"too late, it replaces nothing", []job.Instance{inst(20 * time.Second), inst(30 * time.Second)}, nil,
			func(j *Look) { j.MisfireGraceTime = time.Millisecond },
			"misfire 10; due in 10s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := base
			if c.change != nil {
				c.change(&j)
			}
			now := due.Add(10 * time.Millisecond)
			d := planAt(j, now, c.live, c.waiting)
			var got []string
			for _, b := range d.Begin {
				got = append(got, "begin "+clock(b.ScheduledRunTime))
			}
			for _, w := range d.Wait {
				got = append(got,
					fmt.Sprintf("wait %s%s", clock(w.ScheduledRunTime), map[bool]string{true: " in front"}[w.Front]))
			}
			for _, r := range d.Skip {
				got = append(got, fmt.Sprintf("%s %s", r.Reason, clock(r.ScheduledRunTime)))
			}
			for _, r := range d.Unwait {
				got = append(got, "unwait "+clock(r.ScheduledRunTime))
			}
			for _, r := range d.Cancel {
				got = append(got, "cancel "+clock(r.ScheduledRunTime))
			}
			for _, r := range d.GiveUp {
				got = append(got, "give up "+clock(r.ScheduledRunTime))
			}
			got = append(got, "due in "+d.DueAt.Sub(now).Round(time.Second).String())
			if diff := cmp.Diff(c.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}
