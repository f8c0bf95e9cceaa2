package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Each array has one value for each row, in the order of the rows, of the type that the statement takes.
func TestColumnsAreArraysOfEqualLength(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	run := func(n byte) job.Run {
		return job.Run{JobID: string('a' + rune(n)), RunID: uuid.UUID{n}, ScheduledRunTime: at, Attempt: int(n)}
	}
	reason := func(n byte) job.CancelRequest { return job.CancelRequest{Reason: string('x' + rune(n))} }
	want := pgx.StrictNamedArgs{
		"by": job.Itself, "job_ids": []string{"a", "b"}, "run_ids": []uuid.UUID{{0}, {1}},
		"reasons": []string{"x", "y"},
	}
	got := cancelColumns.addTo(pgx.StrictNamedArgs{"by": job.Itself}, []policy.Replaced{
		{Instance: job.Instance{Run: run(0)}, Request: reason(0)},
		{Instance: job.Instance{Run: run(1)}, Request: reason(1)},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cancel (-want +got):\n%s", diff)
	}
	end := job.Record{Run: run(1), Error: "e"}
	args := endedColumns.args([]job.Record{{Run: run(0)}, end, {}})
	for name, array := range args {
		if n := reflect.ValueOf(array).Len(); n != 3 {
			t.Errorf("%s has %d values for 3 rows", name, n)
		}
	}
	if errs := args["errors"].([]*string); errs[0] != nil || *errs[1] != "e" {
		t.Errorf("errors are %v", errs)
	}
}

// No list names an array twice, as the one would hide the other.
func TestColumnsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	unique(t, "begin", beginColumns)
	unique(t, "retry", retryColumns)
	unique(t, "give up", giveUpColumns)
	unique(t, "cancel", cancelColumns)
	unique(t, "waiting", waitingColumns)
	unique(t, "advance", advanceColumns)
	unique(t, "removed", removedColumns)
	unique(t, "retry in", retryInColumns)
	unique(t, "history", historyColumns)
	unique(t, "fold", foldColumns)
}

func unique[R any](t *testing.T, what string, c columns[R]) {
	t.Helper()
	if n := len(c.args(nil)); n != len(c) {
		t.Errorf("%s: %d columns have %d names", what, len(c), n)
	}
}
