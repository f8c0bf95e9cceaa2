package policy

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// What is tried again: what failed, timed out or was lost, while attempts are left.
func TestWhatIsTriedAgain(t *testing.T) {
	d := job.Definition{MaxAttempts: 2}
	for outcome, want := range map[job.Outcome]bool{job.Failed: true, job.TimedOut: true, job.Lost: true,
		job.Succeeded: false, job.Cancelled: false} {
		if again, _ := again(&d, &job.Record{Run: job.Run{Attempt: 1}, Outcome: outcome}); again != want {
			t.Errorf("after %s another attempt: %v, want %v", outcome, again, want)
		}
		if again, _ := again(&d, &job.Record{Run: job.Run{Attempt: 2}, Outcome: outcome}); again {
			t.Errorf("after %s and all attempts another one", outcome)
		}
	}
}

// A retrying run counts, begins its next attempt before anything else, and is looked at when its wait is over.
func TestPlanRetries(t *testing.T) {
	j := jobEvery(t, time.Minute)
	j.MaxAttempts = 3
	due := j.NextRunTime
	now := due.Add(-30 * time.Second)
	j.DueAt = now
	between := job.Instance{Run: j.RunOf(due.Add(-time.Minute)), State: job.InstanceRetrying,
		NotBefore: now.Add(10 * time.Second), StartedAt: now}
	if d := planAt(j, now, []job.Instance{between}, nil); len(d.Begin) != 0 || !d.DueAt.Equal(between.NotBefore) {
		t.Errorf("before its time: %+v", d)
	}
	between.NotBefore = now
	d := planAt(j, now, []job.Instance{between}, nil)
	if len(d.Begin) != 1 || !d.Begin[0].Retry || d.Begin[0].Attempt != 2 || d.Begin[0].RunID != between.RunID ||
		!d.DueAt.Equal(due) {
		t.Errorf("at its time: %+v", d)
	}
	j.DueAt = due
	if d := planAt(j, due, []job.Instance{between}, nil); len(d.Begin) != 1 || len(d.Skip) != 0 || !d.DueAt.Equal(due) {
		t.Errorf("with a fire that is due: %+v, want the attempt, and the fire left for the next look", d)
	}
	j.CreatedRevision = between.JobRevision + 1
	if d := planAt(j, now, []job.Instance{between}, nil); len(d.Begin) != 0 || len(d.GiveUp) != 1 {
		t.Errorf("of an earlier job of the id: %+v", d)
	}
}
