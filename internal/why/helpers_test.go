package why

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/trigger"
)

func definition(t testing.TB, triggerJSON string) job.Definition {
	t.Helper()
	when, err := trigger.Parse([]byte(triggerJSON))
	if err != nil {
		t.Fatal(err)
	}
	return job.Definition{
		History: job.HistoryAll,
		ID:      "j", Trigger: when, Work: job.Work{Exec: &job.Exec{Command: []string{"true"}}},
		MaxInstances: 1, Overlap: job.OverlapSkip, Coalesce: job.CoalesceLatest, MaxAttempts: 1, MaxWaiting: 100,
	}
}

// job is a look at a job created at a moment, then.
func lookAt(t testing.TB, triggerJSON string, created time.Time) policy.Look {
	t.Helper()
	j, err := policy.NewJob(definition(t, triggerJSON), created, 1, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Look{Job: j, Now: created}
}

// on is a look at the job at another moment.
func on(l policy.Look, now time.Time) policy.Look {
	l.Now = now
	return l
}

// t0 is when the jobs of these tests are created.
var t0 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// at is so many seconds after t0.
func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

// instances are running instances that began at the given seconds.
func instances(began ...float64) []job.Instance {
	var list []job.Instance
	for _, b := range began {
		list = append(list, job.Instance{Run: job.Run{JobID: "j", RunID: uuid.NewSHA1(uuid.Nil, []byte(at(b).String()))}, Node: "web-1:4711/7f3a", StartedAt: at(b)})
	}
	return list
}

const (
	every5s = `{"type":"interval","every":"5s"}`
	day     = 86400
)

func finished(j *policy.Look) {
	j.State, j.NextRunTime, j.LastRunTime = job.StateFinished, time.Time{}, t0
}
