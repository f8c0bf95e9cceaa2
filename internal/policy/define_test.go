package policy

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/job/jobtest"
	"github.com/pgdue/pgdue/internal/trigger"
)

// redefined is what of a job a redefinition may change, in seconds after t0.
type redefined struct {
	Changed           bool
	CreatedRevision   int64
	State             job.State
	Anchor, Next, Due float64
	Dropped           []span
}

func TestRedefine(t *testing.T) {
	more := func(d *job.Definition) { d.MaxInstances = 5 }
	retrigger := func(json string) func(*job.Definition) {
		return func(d *job.Definition) { d.Trigger = mustParse(json) }
	}
	for _, c := range []struct {
		name    string
		trigger string
		before  func(*Look)
		change  func(*job.Definition)
		now     float64
		want    redefined
	}{
		{"equal changes nothing", every5s, nil, nil, 2, redefined{false, 1, job.StateActive, 0, 5, 5, nil}},
		{"equal changes nothing when overdue", every5s, nil, nil, 20,
			redefined{false, 1, job.StateActive, 0, 5, 5, nil}},
		{"equal in other words", every5s, nil, retrigger(`{"every":"5000ms","type":"interval"}`), 2,
			redefined{false, 1, job.StateActive, 0, 5, 5, nil}},
		{"policy keeps anchor and next run time", every5s, nil, more, 7,
			redefined{true, 1, job.StateActive, 0, 5, 5, nil}},
		{"policy keeps the pause", every5s, func(j *Look) { j.State = job.StatePaused }, more, 7,
			redefined{true, 1, job.StatePaused, 0, 5, 5, nil}},
		{"trigger anchors anew", every5s, nil, retrigger(`{"type":"interval","every":"8s"}`), 2,
			redefined{true, 1, job.StateActive, 2, 10, 2, nil}},
		{"trigger drops what was due", every5s, nil, retrigger(`{"type":"interval","every":"8s"}`), 22,
			redefined{true, 1, job.StateActive, 22, 30, 22, []span{{job.ReasonRescheduled, 5, 20, 4}}}},
		{"date from interval", every5s, nil, retrigger(`{"type":"date"}`), 2,
			redefined{true, 1, job.StateActive, 2, 2, 2, nil}},
		{"blocked is active with an equal definition", every5s, blockedBefore, nil, 22,
			redefined{true, 1, job.StateActive, 0, 5, 22, nil}},
		{"blocked is active with another trigger", every5s, blockedBefore,
			retrigger(`{"type":"interval","every":"8s"}`), 22,
			redefined{true, 1, job.StateActive, 22, 30, 22, []span{{job.ReasonRescheduled, 5, 20, 4}}}},
		{"blocked by an unreadable trigger", every5s, func(j *Look) { blockedBefore(j); j.Trigger = nil }, nil, 22,
			redefined{true, 1, job.StateActive, 22, 27, 22, []span{{job.ReasonRescheduled, 5, 5, 1}}}},
		{"finished stays finished", `{"type":"date"}`, finished, more, 60,
			redefined{true, 1, job.StateFinished, 0, -1, 0, nil}},
		{"finished fires again by another trigger", `{"type":"date"}`, finished, retrigger(every5s), 60,
			redefined{true, 1, job.StateActive, 60, 65, 60, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			if c.before != nil {
				c.before(&j)
			}
			d := jobtest.Definition(t, c.trigger)
			if c.change != nil {
				c.change(&d)
			}
			change, err := on(j, at(c.now)).Redefine(d)
			if err != nil {
				t.Fatal(err)
			}
			got := change.After
			if diff := cmp.Diff(c.want,
				redefined{!change.Nothing(), got.CreatedRevision, got.State, seconds(got.Anchor),
					seconds(got.NextRunTime),
					seconds(got.DueAt), gistOf(Decision{Skip: change.Dropped}).Skip}); diff != "" {
				t.Errorf("redefined (-want +got):\n%s", diff)
			}
			if got.Error != "" {
				t.Errorf("error is %q still", got.Error)
			}
			if got.MaxInstances != d.MaxInstances {
				t.Errorf("max_instances is %d, want %d", got.MaxInstances, d.MaxInstances)
			}
		})
	}
}

func blockedBefore(j *Look) { j.State, j.Error, j.DueAt = job.StateBlocked, "refused", time.Time{} }

func mustParse(json string) *trigger.Trigger {
	when, err := trigger.Parse([]byte(json))
	if err != nil {
		panic(err) // written in a test
	}
	return when
}

// A new job under an old id fires after the last fire time of that id, and at all events: also when the clock was set
// back behind it.
func TestNewJobUnderAnOldID(t *testing.T) {
	for _, c := range []struct {
		name, trigger string
		last          time.Time
		want          float64
		kept          time.Time
	}{
		{"date fires at once", `{"type":"date"}`, at(-5), 0, at(-5)},
		{"date at the moment of the last one", `{"type":"date"}`, at(0), 0, at(0)},
		{"date after the clock was set back", `{"type":"date"}`, at(3600), 0, time.Time{}},
		{"interval after one that was skipped ahead", every5s, at(3600), 5, time.Time{}},
		{"interval is not fired twice at one time", `{"type":"interval","every":"5s","start":"2026-03-01T09:00:00Z"}`,
			at(0), 5, at(0)},
		{"first of its id", every5s, time.Time{}, 5, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, err := NewJob(jobtest.Definition(t, c.trigger), t0, 9, c.last)
			if err != nil {
				t.Fatal(err)
			}
			if j.State != job.StateActive || seconds(j.NextRunTime) != c.want || j.DueAt != j.NextRunTime ||
				j.LastRunTime != c.kept {
				t.Errorf("state %s, next %v s, due %s, last %s", j.State, seconds(j.NextRunTime), j.DueAt,
					j.LastRunTime)
			}
		})
	}
}

// A trigger that can never fire is refused, with the field that is to blame.
func TestTriggerThatNeverFires(t *testing.T) {
	past := `{"type":"date","at":"2026-03-01T08:59:59Z"}`
	_, errNew := NewJob(jobtest.Definition(t, past), t0, 1, time.Time{})
	_, errPut := lookAt(t, every5s, t0).Redefine(jobtest.Definition(t, past))
	for _, err := range []error{errNew, errPut} {
		var invalid *job.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Field != "trigger.at" {
			t.Errorf("error is %v, want one of trigger.at", err)
		}
	}
}

// People write whole seconds, and the clock shows more by the time that it is read.
func TestDateInThisSecondIsNotPast(t *testing.T) {
	now := t0.Add(1500 * time.Millisecond)
	for text, want := range map[string]time.Time{
		`{"type":"date","at":"2026-03-01T09:00:01"}`:     t0.Add(time.Second),
		`{"type":"date","at":"2026-03-01T09:00:01.500"}`: now,
		`{"type":"date","at":"2026-03-01T09:00:01.6"}`:   t0.Add(1600 * time.Millisecond),
		`{"type":"date"}`: now,
		`{"type":"date","at":"2026-03-01T09:00:00.999999"}`: {},
	} {
		d := jobtest.Definition(t, text)
		j, err := NewJob(d, now, 1, time.Time{})
		switch {
		case want.IsZero() && !errors.Is(err, job.ErrInvalid):
			t.Errorf("%s at %s: %v, want a refusal", text, now, err)
		case !want.IsZero() && (err != nil || !j.NextRunTime.Equal(want) || j.State != job.StateActive):
			t.Errorf("%s at %s: next %s, %s, %v, want %s", text, now, j.NextRunTime, j.State, err, want)
		case err == nil && j.Anchor.After(j.NextRunTime):
			t.Errorf("%s: the anchor, %s, lies after the fire", text, j.Anchor)
		}
	}
}
