package storetest

import (
	"testing"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Job is the definition of an exec job with defaults.
func Job(t testing.TB, id, triggerJSON string) scheduler.Definition {
	t.Helper()
	when, err := trigger.Parse([]byte(triggerJSON))
	if err != nil {
		t.Fatal(err)
	}
	return scheduler.Definition{
		ID: id, Trigger: when, Work: scheduler.Work{Exec: &scheduler.Exec{Command: []string{"true"}}},
		MaxInstances: 1, Overlap: scheduler.OverlapSkip, Coalesce: scheduler.CoalesceLatest, MaxAttempts: 1, MaxWaiting: 100,
		History: scheduler.HistoryAll,
	}
}
