package why

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/job/jobtest"
	"github.com/pgdue/pgdue/internal/policy"
)

const (
	every5s = jobtest.Every5s
	day     = 86400
)

var (
	t0        = jobtest.T0
	at        = jobtest.At
	instances = jobtest.Instances
)

// lookAt is a look at a job at the moment at which it was created.
func lookAt(t testing.TB, triggerJSON string, created time.Time) policy.Look {
	t.Helper()
	j, err := policy.NewJob(jobtest.Definition(t, triggerJSON), created, 1, time.Time{})
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

func finished(j *policy.Look) {
	j.State, j.NextRunTime, j.LastRunTime = job.StateFinished, time.Time{}, t0
}

// took is the pace of a job whose one known run took d.
func took(d time.Duration) policy.Pace { return policy.Pace{Runs: 1, Longest: d, Shortest: d} }
