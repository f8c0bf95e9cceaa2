package policy

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/job/jobtest"
	"github.com/pgdue/pgdue/internal/trigger"
)

const every5s = jobtest.Every5s

var (
	t0         = jobtest.T0
	at         = jobtest.At
	instances  = jobtest.Instances
	everything = jobtest.Everything
	web        = jobtest.Web
)

// lookAt is a look at a job at the moment at which it was created.
func lookAt(t testing.TB, triggerJSON string, created time.Time) Look {
	t.Helper()
	j, err := NewJob(jobtest.Definition(t, triggerJSON), created, 1, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return Look{Job: j, Now: created}
}

// jobEvery is a look at an interval job that was created at t0.
func jobEvery(t interface{ Fatal(...any) }, every time.Duration) Look {
	when, err := trigger.Parse([]byte(`{"type":"interval","every":"` + trigger.FormatDuration(every) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	j, err := NewJob(job.Definition{ID: "j", Trigger: when, MaxInstances: 1, MaxWaiting: 100}, t0, 1, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return Look{Job: j, Now: t0}
}

// planAt is what a look at a later moment decides.
func planAt(l Look, now time.Time, live []job.Instance, waiting []job.WaitingRun) Decision {
	l.Now, l.Live, l.Waiting = now, live, waiting
	return Plan(l)
}

// on is a look at the job at another moment.
func on(l Look, now time.Time) Look {
	l.Now = now
	return l
}

// took is the pace of a job whose one known run took d.
func took(d time.Duration) Pace { return Pace{Runs: 1, Longest: d, Shortest: d} }
