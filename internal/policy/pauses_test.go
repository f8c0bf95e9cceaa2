package policy

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/job/jobtest"
)

func missed(p job.Pause) job.Pause { p.RunMissed = true; return p }

// A run for missed fire times is bounded by max_waiting like any other, and the record of those says why there is none.
func TestResumeWithoutRoom(t *testing.T) {
	for waiting, want := range map[int]struct {
		runs  int
		added string
	}{1: {1, ""}, 2: {0, "; no run was added for them, as 2 waited already (max_waiting)"}} {
		l := jobEvery(t, 5*time.Second)
		l.MaxWaiting, l.WaitingCount, l.State, l.PausedAt, l.PausedBy = 2, waiting, job.StatePaused, t0, "ada"
		c := on(l, at(12)).Resume(true)
		sentence := "2 fire times were due while the job was paused, from 2026-03-01 09:00:00 UTC by ada: " + want.added
		if len(c.Wait) != want.runs || len(c.Dropped) != 1 || c.Dropped[0].Sentence != sentence {
			t.Errorf("%d wait: %d more, %+v", waiting, len(c.Wait), c.Dropped)
		}
	}
}

// A pause that covers a job holds it; one that is over drops what fell due in it, once, and leaves later fire times to
// their policy.
func TestPlanWithPauses(t *testing.T) {
	const ends = `{"type":"interval","every":"5s","end":"2026-03-01T09:00:20Z"}`
	retrying := instances(1)
	retrying[0].State, retrying[0].NotBefore, retrying[0].Attempt = job.InstanceRetrying, at(2), 1
	waits := []job.WaitingRun{{Run: job.Run{JobID: "j", RunID: uuid.New(), ScheduledRunTime: at(1)}}}
	for _, c := range []struct {
		name    string
		trigger string
		change  func(*Look)
		pauses  []job.Pause
		now     float64
		live    []job.Instance
		waiting []job.WaitingRun
		want    gist
	}{
		{"a label's: fires stay undecided", every5s, nil, []job.Pause{web(1, -1)}, 12, nil, nil,
			gist{State: job.StateActive, Next: 5, Last: -1, Due: 612}},
		{"everything's", every5s, nil, []job.Pause{everything(1, -1)}, 12, nil, nil,
			gist{State: job.StateActive, Next: 5, Last: -1, Due: 612}},
		{"no waiting run begins, and the next fire is looked at in time", every5s, nil, []job.Pause{web(1, -1)}, 3, nil,
			waits,
			gist{State: job.StateActive, Next: 5, Last: -1, Due: 5}},
		{"no next attempt begins", every5s, maxAttempts2, []job.Pause{web(1, -1)}, 3, retrying, nil,
			gist{State: job.StateActive, Next: 5, Last: -1, Due: 5}},
		{"finished, and a run waits", `{"type":"date"}`, finished, []job.Pause{web(1, -1)}, 3, nil, waits,
			gist{State: job.StateFinished, Next: -1, Last: 0, Due: 603}},
		{"finished, and nothing waits", `{"type":"date"}`, finished, []job.Pause{web(1, -1)}, day, nil, nil,
			gist{Remove: true, State: job.StateFinished, Next: -1, Last: 0, Due: 2 * day}},
		{"finished, and its run runs", `{"type":"date"}`, finished, []job.Pause{web(1, -1)}, 3, instances(0), nil,
			gist{State: job.StateFinished, Next: -1, Last: 0, Due: day + 3}},
		{"over: one record, and the schedule goes on", every5s, nil, []job.Pause{web(1, 12)}, 12.1, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 10, 2}}, State: job.StateActive, Next: 15, Last: 10, Due: 15}},
		{"over at a fire time: it was due in the pause", every5s, nil, []job.Pause{web(1, 10)}, 10.1, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 10, 2}}, State: job.StateActive, Next: 15, Last: 10, Due: 15}},
		{"over at the next fire time: it was due in the pause too", every5s, nil, []job.Pause{web(1, 5)}, 5.1, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 5, 1}}, State: job.StateActive, Next: 10, Last: 5, Due: 10}},
		{"over before the next fire time", every5s, nil, []job.Pause{web(1, 4)}, 5, nil, nil,
			gist{Begin: []float64{5}, State: job.StateActive, Next: 10, Last: 5, Due: 10}},
		{"fire times after its end are decided as ever", every5s, nil, []job.Pause{web(1, 12)}, 26, nil, nil,
			gist{Begin: []float64{25}, Skip: []span{{job.ReasonPaused, 5, 10, 2}, {job.ReasonCoalesced, 15, 20, 2}},
				State: job.StateActive, Next: 30, Last: 25, Due: 30}},
		{"two that are over", every5s, nil, []job.Pause{everything(1, 12), web(8, 21)}, 22, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 20, 4}}, State: job.StateActive, Next: 25, Last: 20, Due: 25}},
		{"one that is over, inside one that lasts", every5s, nil, []job.Pause{everything(1, 12), web(0, -1)}, 22, nil,
			nil,
			gist{State: job.StateActive, Next: 5, Last: -1, Due: 622}},
		{"its last fire time fell into it", ends, nil, []job.Pause{web(1, 30)}, 31, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 20, 4}}, State: job.StateFinished, Next: -1, Last: 20,
				Due: day + 31}},
		{"the clock was set back to before its end", every5s, nil, []job.Pause{web(1, 100)}, 12, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 10, 2}}, State: job.StateActive, Next: 15, Last: 10, Due: 15}},
		{"run missed: a run waits, and later fires are for the next look", every5s, nil,
			[]job.Pause{missed(web(1, 12))}, 26, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 10, 2}}, State: job.StateActive, Next: 15, Last: 10, Due: 26}},
		{"jitter drew a time after its end", `{"type":"interval","every":"5s","jitter":"1h"}`,
			func(j *Look) { j.DueAt = at(60) },
			[]job.Pause{web(1, 12)}, 60, nil, nil,
			gist{Begin: []float64{60}, Skip: []span{{job.ReasonCoalesced, 5, 55, 11}}, State: job.StateActive, Next: 65,
				Last: 60, Due: -2}},
		{"jitter drew a time before its end",
			`{"type":"interval","every":"1h","start":"2026-03-01T09:00:05Z","jitter":"5s"}`,
			func(j *Look) { j.DueAt = at(7) },
			[]job.Pause{web(1, 12)}, 12.1, nil, nil,
			gist{Skip: []span{{job.ReasonPaused, 5, 5, 1}}, State: job.StateActive, Next: 3605, Last: 5, Due: -2}},
		{"paused by itself besides", every5s, func(j *Look) { j.State = job.StatePaused }, []job.Pause{web(1, 12)}, 13,
			nil, nil, gist{State: job.StatePaused, Next: 5, Last: -1, Due: -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, c.trigger, t0)
			j.Labels = map[string]string{"team": "web"}
			if j.Trigger.Jitter() == 0 {
				j.DueAt = at(3)
			}
			if c.change != nil {
				c.change(&j)
			}
			j.Pauses = j.Covering(c.pauses)
			got := gistOf(planAt(j, at(c.now), c.live, c.waiting))
			if c.want.Due == -2 { // drawn
				got.Due = -2
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func maxAttempts2(j *Look) { j.MaxAttempts = 2 }

// The record of what was missed names every pause, and the run for it is told of all fire times.
func TestMissedFireTimesAreExplained(t *testing.T) {
	j := lookAt(t, every5s, t0)
	j.Labels = map[string]string{"team": "web"}
	j.DueAt = at(3)
	j.Pauses = j.Covering([]job.Pause{everything(1, 12), missed(web(8, 21))})
	d := planAt(j, at(22), nil, nil)
	want := "4 fire times were due while this was paused: everything, from 2026-03-01 09:00:01 UTC to 2026-03-01 " +
		"09:00:12 UTC by ada: release 7; " +
		"and label team=web, from 2026-03-01 09:00:08 UTC to 2026-03-01 09:00:21 UTC by ada: release 7"
	if len(d.Skip) != 1 || d.Skip[0].Sentence != want {
		t.Errorf("got  %+v\nwant %s", d.Skip, want)
	}
	if len(d.Wait) != 1 || d.Wait[0].StandsFor != (job.StandsFor{FireCount: 4, FirstRunTime: at(5),
		LastRunTime: at(20)}) {
		t.Errorf("waits: %+v", d.Wait)
	}
	if !d.DueAt.Equal(at(22)) {
		t.Errorf("due at %s: the run that waits is overlooked", d.DueAt)
	}
}

// A trigger that asks to be asked again is asked from where it said, however long a pause holds its job.
func TestParkedJobKeepsItsPlaceInTheTrigger(t *testing.T) {
	j := lookAt(t, every5s, t0)
	j.Labels = map[string]string{"team": "web"}
	j.NextRunTime, j.DueAt = time.Time{}, at(12)
	j.Pauses = []job.Pause{web(1, -1)}
	if d := planAt(j, at(26), nil, nil); !d.NextRunTime.Equal(at(15)) || len(d.Begin)+len(d.Skip) > 0 {
		t.Errorf("next run time is %s, want the first after the time that the trigger named; %+v", d.NextRunTime, d)
	}
}

// A label that a job loses ends the label's pause for it; one that it keeps, or another pause, does not.
func TestLosingALabelEndsItsPause(t *testing.T) {
	for _, c := range []struct {
		name    string
		pauses  []job.Pause
		labels  map[string]string
		dropped []span
		due     float64
	}{
		{"lost", []job.Pause{web(1, -1)}, nil, []span{{job.ReasonPaused, 5, 10, 2}}, 12},
		{"changed", []job.Pause{web(1, -1)}, map[string]string{"team": "db"}, []span{{job.ReasonPaused, 5, 10, 2}}, 12},
		{"kept", []job.Pause{web(1, -1)}, map[string]string{"team": "web", "x": "y"}, nil, 603},
		{"lost, and everything is paused", []job.Pause{everything(1, -1), web(1, -1)}, nil, nil, 603},
		{"lost after its pause was over", []job.Pause{web(1, 7)}, nil, []span{{job.ReasonPaused, 5, 5, 1}}, 12},
		{"not paused", nil, nil, nil, 603},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lookAt(t, every5s, t0)
			j.Labels, j.DueAt = map[string]string{"team": "web"}, at(603)
			j.Pauses = j.Covering(c.pauses)
			d := j.Definition
			d.Trigger, d.Labels = jobtest.Definition(t, every5s).Trigger, maps.Clone(c.labels)
			change, err := on(j, at(12)).Redefine(d)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.dropped, gistOf(Decision{Skip: change.Dropped}).Skip); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
			if due := seconds(change.After.DueAt); len(c.pauses) > 0 && due != c.due {
				t.Errorf("due at %v, want %v", due, c.due)
			}
		})
	}
}

// Who asks for a run is told what is paused and how to end it.
func TestPausedErrorTellsTheCommand(t *testing.T) {
	j := lookAt(t, every5s, t0)
	if err := j.PausedError(); err != nil {
		t.Error(err)
	}
	own, _ := on(j, at(1)).Pause(job.Author{Actor: "ada"})
	odd := web(1, -1)
	odd.LabelValue = "it's new"
	for want, pauses := range map[string][]job.Pause{
		"the job is paused: label team=web, since 2026-03-01 09:00:01 UTC by ada: release 7; " +
			"`scheduler resume --label team=web` ends that": {web(1, -1)},
		"the job is paused: everything, since 2026-03-01 09:00:01 UTC by ada: release 7; " +
			"`scheduler resume --all` ends that": {everything(1, -1), web(1, -1)},
		`the job is paused: label team=it's new, since 2026-03-01 09:00:01 UTC by ada: release 7; ` +
			"`scheduler resume --label 'team=it'\\''s new'` ends that": {odd},
		"the job is paused: job j, since 2026-03-01 09:00:01 UTC by ada; `scheduler resume j` ends that": nil,
	} {
		k := j
		if k.Pauses = pauses; pauses == nil {
			k.Job = *own.After
		}
		if err := k.PausedError(); !errors.Is(err, job.ErrPaused) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	j.Pauses = []job.Pause{web(1, 3)}
	if err := j.PausedError(); err != nil {
		t.Errorf("a pause that is over: %v", err)
	}
}
