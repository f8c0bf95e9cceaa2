package storetest

import (
	"testing"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Job is the definition of an exec job with defaults.
func Job(t testing.TB, id, triggerJSON string) job.Definition {
	t.Helper()
	when, err := trigger.Parse([]byte(triggerJSON))
	if err != nil {
		t.Fatal(err)
	}
	return job.Definition{
		ID: id, Trigger: when, Work: job.Work{Exec: &job.Exec{Command: []string{"true"}}},
		MaxInstances: 1, Overlap: job.OverlapSkip, Coalesce: job.CoalesceLatest, MaxAttempts: 1, MaxWaiting: 100,
		History: job.HistoryAll,
	}
}
