// Package jobtest makes jobs and instances for the tests of the rooms that decide and explain.
package jobtest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// T0 is when the jobs of a test are created.
var T0 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Every5s is a trigger that fires every five seconds.
const Every5s = `{"type":"interval","every":"5s"}`

// Definition is job j with a trigger, that runs a program, and with the defaults.
func Definition(t testing.TB, triggerJSON string) job.Definition {
	t.Helper()
	when, err := trigger.Parse([]byte(triggerJSON))
	if err != nil {
		t.Fatal(err)
	}
	d := job.Defaults()
	d.ID, d.Trigger, d.Work = "j", when, &job.Exec{Command: []string{"true"}}
	return d
}

// At is so many seconds after T0.
func At(seconds float64) time.Time { return T0.Add(time.Duration(seconds * float64(time.Second))) }

// Instances are running instances of job j that began so many seconds after T0.
func Instances(began ...float64) (list []job.Instance) {
	for _, b := range began {
		at := At(b)
		run := job.Run{JobID: "j", RunID: uuid.NewSHA1(uuid.Nil, []byte(at.String()))}
		list = append(list, job.Instance{Run: run, Node: "web-1:4711/7f3a", StartedAt: at})
	}
	return list
}

// Everything is a pause of everything between the given seconds after T0; to -1: it lasts.
func Everything(from, to float64) job.Pause {
	p := job.Pause{PausedAt: At(from), PausedBy: "ada", Reason: "release 7"}
	if to >= 0 {
		p.ResumedAt, p.ResumedBy = At(to), "bob"
	}
	return p
}

// Web is such a pause of label team=web.
func Web(from, to float64) job.Pause {
	p := Everything(from, to)
	p.LabelName, p.LabelValue = "team", "web"
	return p
}
