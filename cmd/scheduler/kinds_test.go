package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
)

// The command line knows every kind of work that a job may have.
func TestKindsAreThoseOfJobs(t *testing.T) {
	var want, got []string
	for _, k := range job.Kinds {
		want = append(want, k.Name)
	}
	for _, k := range kinds {
		got = append(got, k.name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds of work (-want +got):\n%s", diff)
	}
}
