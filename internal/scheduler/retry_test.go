package scheduler

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The wait is half to all of an exponential backoff, and never more than the longest.
func TestBackoffIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Retry{
			Min:    time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "min")),
			Factor: rapid.Float64Range(1, 100).Draw(t, "factor"),
		}
		r.Max = r.Min + time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "more"))
		attempt := rapid.IntRange(1, 1000).Draw(t, "attempt")
		wait := r.Backoff(attempt)
		longest := r.Max
		if attempt == 1 {
			longest = r.Min
		}
		if wait > longest || wait < r.Min/2-time.Microsecond {
			t.Fatalf("%+v waits %s after attempt %d", r, wait, attempt)
		}
	})
	if wait := (Retry{}).Backoff(1); wait < 500*time.Millisecond || wait > time.Second {
		t.Errorf("by default the second attempt waits %s, want 0.5 to 1 s", wait)
	}
}

// What is tried again: what failed, timed out or was lost, while attempts are left.
func TestWhatIsTriedAgain(t *testing.T) {
	d := Definition{MaxAttempts: 2}
	for outcome, want := range map[Outcome]bool{Failed: true, TimedOut: true, Lost: true, Succeeded: false, Cancelled: false} {
		if again, _ := again(&d, &Record{Run: Run{Attempt: 1}, Outcome: outcome}); again != want {
			t.Errorf("after %s another attempt: %v, want %v", outcome, again, want)
		}
		if again, _ := again(&d, &Record{Run: Run{Attempt: 2}, Outcome: outcome}); again {
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
	between := Instance{Run: j.run(due.Add(-time.Minute)), State: InstanceRetrying, NotBefore: now.Add(10 * time.Second), StartedAt: now}
	if d := planAt(j, now, []Instance{between}, nil); len(d.Begin) != 0 || !d.DueAt.Equal(between.NotBefore) {
		t.Errorf("before its time: %+v", d)
	}
	between.NotBefore = now
	d := planAt(j, now, []Instance{between}, nil)
	if len(d.Begin) != 1 || !d.Begin[0].Retry || d.Begin[0].Attempt != 2 || d.Begin[0].RunID != between.RunID || !d.DueAt.Equal(due) {
		t.Errorf("at its time: %+v", d)
	}
	j.DueAt = due
	if d := planAt(j, due, []Instance{between}, nil); len(d.Begin) != 1 || len(d.Skip) != 0 || !d.DueAt.Equal(due) {
		t.Errorf("with a fire that is due: %+v, want the attempt, and the fire left for the next look", d)
	}
	j.CreatedRevision = between.JobRevision + 1
	if d := planAt(j, now, []Instance{between}, nil); len(d.Begin) != 0 || len(d.GiveUp) != 1 {
		t.Errorf("of an earlier job of the id: %+v", d)
	}
}
