package policy

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
)

// moved is what of a job skipping, moving and rescheduling may change, in seconds after t0.
type moved struct {
	State           job.State
	Next, Last, Due float64
	Recorded        []span
}

var ada = job.Author{Actor: "ada"}

func movedOf(c Change) moved {
	j := c.After
	return moved{j.State, seconds(j.NextRunTime), seconds(j.LastRunTime), seconds(j.DueAt),
		gistOf(Decision{Skip: c.Dropped}).Skip}
}

func paused(j *Look) { j.State, j.DueAt, j.PausedAt = job.StatePaused, time.Time{}, t0 }

func waits(j *Look) { j.WaitingCount = 1 }

func skipped(j *Look) {
	c, _ := on(*j, t0).SkipNext(ada)
	j.Job = *c.After
}

func movedTo(s float64) func(*Look) {
	return func(j *Look) {
		c, _ := on(*j, t0).MoveNext(at(s), ada)
		j.Job = *c.After
	}
}

func TestSkipNext(t *testing.T) {
	for _, c := range []struct {
		name    string
		trigger string
		before  func(*Look)
		now     float64
		want    moved
		err     error
	}{
		{"the one that lies ahead", every5s, nil, 2,
			moved{job.StateActive, 10, 5, 10, []span{{job.ReasonRescheduled, 5, 5, 1}}}, nil},
		{"the one after it, too", every5s, skipped, 2,
			moved{job.StateActive, 15, 10, 15, []span{{job.ReasonRescheduled, 10, 10, 1}}}, nil},
		{"of several that are due the earliest", every5s, nil, 22,
			moved{job.StateActive, 10, 5, 10, []span{{job.ReasonRescheduled, 5, 5, 1}}}, nil},
		{"of a paused job, which stays paused", every5s, paused, 2,
			moved{job.StatePaused, 10, 5, -1, []span{{job.ReasonRescheduled, 5, 5, 1}}}, nil},
		{"what waits is looked at", every5s, waits, 2,
			moved{job.StateActive, 10, 5, 2, []span{{job.ReasonRescheduled, 5, 5, 1}}}, nil},
		{"the only one", `{"type":"date","at":"2026-03-01T10:00:00Z"}`, nil, 2,
			moved{job.StateFinished, -1, 3600, 86402, []span{{job.ReasonRescheduled, 3600, 3600, 1}}}, nil},
		{"the only one of a paused job", `{"type":"date","at":"2026-03-01T10:00:00Z"}`, paused, 2,
			moved{job.StatePaused, -1, 3600, -1, []span{{job.ReasonRescheduled, 3600, 3600, 1}}}, nil},
		{"moved before", every5s, movedTo(7), 2,
			moved{job.StateActive, 10, 7, 10, []span{{job.ReasonRescheduled, 7, 7, 1}}}, nil},
		{"finished", `{"type":"date"}`, finished, 2, moved{}, job.ErrFinished},
		{"blocked", every5s, blockedBefore, 2, moved{}, job.ErrBlocked},
		{"unreadable trigger", every5s, func(j *Look) { j.Trigger = nil }, 2, moved{}, job.ErrNoNextFire},
		{"not known yet", every5s, func(j *Look) { j.NextRunTime = time.Time{} }, 2, moved{}, job.ErrNoNextFire},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			if c.before != nil {
				c.before(&j)
			}
			got, err := on(j, at(c.now)).SkipNext(job.Author{Actor: "ada", Reason: "the disk is full"})
			if !errors.Is(err, c.err) || err == nil && c.err != nil {
				t.Fatalf("error is %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(c.want, movedOf(got)); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
			if want := "was skipped ahead by ada: the disk is full"; got.Dropped[0].Sentence != want ||
				!got.Dropped[0].Final {
				t.Errorf("sentence is %q, final %v", got.Dropped[0].Sentence, got.Dropped[0].Final)
			}
		})
	}
}

func TestMoveNext(t *testing.T) {
	const once = `{"type":"date","at":"2026-03-01T10:00:00Z"}`
	for _, c := range []struct {
		name    string
		trigger string
		before  func(*Look)
		now, to float64
		want    moved
	}{
		{"later: those passed over become one record", every5s, nil, 2, 17,
			moved{job.StateActive, 17, 15, 17, []span{{job.ReasonRescheduled, 5, 15, 3}}}},
		{"later, to one of the trigger's own", every5s, nil, 2, 15,
			moved{job.StateActive, 15, 10, 15, []span{{job.ReasonRescheduled, 5, 10, 2}}}},
		{"earlier: nothing is passed over", every5s, nil, 2, 4, moved{job.StateActive, 4, -1, 4, nil}},
		{"to where it is", every5s, nil, 2, 5, moved{job.StateActive, 5, -1, 5, nil}},
		{"what is due is passed over", every5s, nil, 22, 26,
			moved{job.StateActive, 26, 25, 26, []span{{job.ReasonRescheduled, 5, 25, 5}}}},
		{"paused, stays so", every5s, paused, 2, 12,
			moved{job.StatePaused, 12, 10, -1, []span{{job.ReasonRescheduled, 5, 10, 2}}}},
		{"what waits is looked at", every5s, waits, 2, 4, moved{job.StateActive, 4, -1, 2, nil}},
		{"moved again, later: no fire time of the trigger", every5s, movedTo(4), 2, 4.5,
			moved{job.StateActive, 4.5, -1, 4.5, nil}},
		{"moved again, over fire times", every5s, movedTo(4), 2, 11,
			moved{job.StateActive, 11, 10, 11, []span{{job.ReasonRescheduled, 5, 10, 2}}}},
		{"moved again, back", every5s, movedTo(18), 2, 16, moved{job.StateActive, 16, 15, 16, nil}},
		{"moved again when it was due", every5s, movedTo(4), 4, 4.5,
			moved{job.StateActive, 4.5, 4, 4.5, []span{{job.ReasonRescheduled, 4, 4, 1}}}},
		{"a one-off", once, nil, 2, 10, moved{job.StateActive, 10, -1, 10, nil}},
		{"a finished one fires once more", `{"type":"date"}`, finished, 60, 90, moved{job.StateActive, 90, 0, 90, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			if c.before != nil {
				c.before(&j)
			}
			got, err := on(j, at(c.now)).MoveNext(at(c.to), ada)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, movedOf(got)); diff != "" {
				t.Errorf("moved (-want +got):\n%s", diff)
			}
		})
	}
}

// After a moved fire the trigger's own times follow; a one-off that was finished is finished again.
func TestTriggerFollowsAMovedFire(t *testing.T) {
	for _, c := range []struct {
		name, trigger string
		before        func(*Look)
		now, to       float64
		state         job.State
		next          float64
	}{
		{"earlier", every5s, nil, 2, 4, job.StateActive, 5},
		{"later", every5s, nil, 2, 17, job.StateActive, 20},
		{"finished", `{"type":"date"}`, finished, 60, 90, job.StateFinished, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			if c.before != nil {
				c.before(&j)
			}
			moved, err := on(j, at(c.now)).MoveNext(at(c.to), ada)
			if err != nil {
				t.Fatal(err)
			}
			j.Job = *moved.After
			d := planAt(j, at(c.to), nil, nil)
			if len(d.Begin) != 1 || !d.Begin[0].ScheduledRunTime.Equal(at(c.to)) || d.State != c.state ||
				seconds(d.NextRunTime) != c.next {
				t.Errorf("began %v, then %s, next %v s", d.Begin, d.State, seconds(d.NextRunTime))
			}
		})
	}
}

func TestMoveNextIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*Look)
		now    float64
		to     time.Time
		want   error
		text   string
	}{
		{"into the past", nil, 2, at(1), job.ErrInvalid,
			"next_run_time: 2026-03-01 09:00:01 UTC is over, it is now 2026-03-01 09:00:02 UTC; `scheduler run-now " +
				"j` runs the job now"},
		{"to now", nil, 2, at(2), job.ErrInvalid, ""},
		{"beyond all years", nil, 2, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), job.ErrInvalid, ""},
		{"to a fire that was skipped ahead", skipped, 2, at(5), job.ErrInvalid, ""},
		{"before fires that were passed over", movedTo(18), 2, at(12), job.ErrInvalid, ""},
		{"of a blocked job", blockedBefore, 2, at(9), job.ErrBlocked, ""},
		{"of a job whose trigger cannot be read", func(j *Look) { j.Trigger = nil }, 2, at(9), job.ErrNoNextFire, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, every5s, t0)
			if c.before != nil {
				c.before(&j)
			}
			got, err := on(j, at(c.now)).MoveNext(c.to, ada)
			if !errors.Is(err, c.want) || got.After != nil {
				t.Errorf("moved: %+v: %v, want %v", got, err, c.want)
			}
			if c.text != "" && err.Error() != c.text {
				t.Errorf("error is %q, want %q", err, c.text)
			}
		})
	}
}

// A trigger that is given anew begins afresh, also an equal one, and also where fires were decided ahead of it; its
// fire times are others than those, although they fall on the same moments.
func TestRescheduleBeginsAfresh(t *testing.T) {
	j := lookAt(t, every5s, t0)
	movedTo(3600)(&j)
	old := j.RunOf(at(10))
	got, err := on(j, at(5)).Reschedule(mustParse(every5s))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(moved{job.StateActive, 10, -1, 5, nil}, movedOf(got)); diff != "" {
		t.Errorf("rescheduled (-want +got):\n%s", diff)
	}
	if again := got.After.RunOf(at(10)); again.RunID == old.RunID {
		t.Error("the fire that was passed over has the run id of the one to come")
	}
	if again := got.After.RunOf(at(10)); again.RunID != got.After.RunOf(at(10)).RunID {
		t.Error("a run id is not stable")
	}
}

// Limits that are changed while runs wait or run are looked at at once; not so in a pause.
func TestChangedLimitsAreLookedAtAtOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*Look)
		want   float64
	}{
		{"nothing waits", nil, 5},
		{"some wait", waits, 2},
		{"some run", func(j *Look) { j.Live = make([]job.Instance, 1) }, 2},
		{"paused", func(j *Look) { paused(j); waits(j) }, -1},
	} {
		j := lookAt(t, every5s, t0)
		if c.before != nil {
			c.before(&j)
		}
		d := j.Definition
		d.MaxInstances = 3
		got, err := on(j, at(2)).Redefine(d)
		if err != nil || seconds(got.After.DueAt) != c.want {
			t.Errorf("%s: due at %v s, want %v; %v", c.name, seconds(got.After.DueAt), c.want, err)
		}
	}
}

// A payload travels with its run: from waiting to its first attempt, and from there to the next.
func TestPayloadTravelsWithItsRun(t *testing.T) {
	j := lookAt(t, every5s, t0)
	w := j.ManualRun(at(1))
	w.Payload = "42"
	j.WaitingCount, j.DueAt = 1, at(1)
	if d := planAt(j, at(1), nil, []job.WaitingRun{w}); len(d.Begin) != 1 || d.Begin[0].Payload != "42" {
		t.Errorf("began %+v", d.Begin)
	}
	j.WaitingCount, j.MaxAttempts = 0, 2
	again := job.Instance{Run: w.Run, Payload: "42", State: job.InstanceRetrying, NotBefore: at(1)}
	if d := planAt(j, at(2), []job.Instance{again}, nil); len(d.Begin) != 1 || d.Begin[0].Payload != "42" ||
		!d.Begin[0].Retry {
		t.Errorf("tried again %+v", d.Begin)
	}
}
