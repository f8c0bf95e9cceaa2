package storetest

import (
	"testing"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/job/jobtest"
)

// Job is the definition of an exec job with defaults.
func Job(t testing.TB, id, triggerJSON string) job.Definition {
	t.Helper()
	d := jobtest.Definition(t, triggerJSON)
	d.ID = id
	return d
}
