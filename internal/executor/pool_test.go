package executor_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

func TestQueuesAreTheKindsThatAreOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pool *executor.Pool
		want []string
	}{
		{&executor.Pool{}, nil},
		{&executor.Pool{Kinds: []executor.Kind{&executor.HTTP{}}}, []string{"http"}},
		{&executor.Pool{Kinds: []executor.Kind{&executor.HTTP{}, &executor.Exec{}}}, []string{"exec", "http"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.pool.Queues()); diff != "" {
			t.Errorf("Queues (-want +got):\n%s", diff)
		}
	}
}

func TestWorkOfAKindThatIsOffFails(t *testing.T) {
	t.Parallel()
	pool := &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{}}}
	want := job.Result{Outcome: job.Failed, Error: `this node does not do the work of queue "exec"`}
	if diff := cmp.Diff(want, pool.Execute(t.Context(), execAttempt("true"))); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestWorkDoesNotBeginInAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrLeaseLost)
	want := job.Result{Outcome: job.Lost,
		Error: "the node lost its lease while this run executed: its work had not begun"}
	if diff := cmp.Diff(want, execPool().Execute(ctx, execAttempt("true"))); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("no idea\nwhat to do") }

func TestPanicIsTheErrorOfItsAttempt(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	pool := &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{Transport: panicking{}}},
		Log: slog.New(slog.NewTextHandler(&log, nil))}
	res := pool.Execute(t.Context(), attempt(&job.HTTP{URL: "http://127.0.0.1/"}))

	if !strings.Contains(res.Output, "panicking.RoundTrip") {
		t.Errorf("the output is not the stack of the panic:\n%s", res.Output)
	}
	res.Output = ""
	want := job.Result{Outcome: job.Failed, Error: "panic: no idea what to do"}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
	for _, part := range []string{"level=ERROR", `msg="work panicked"`, "job=123",
		"run=8c5f2b1e-7d7f-5a0e-9f3d-2b1f6a4c9d10", "attempt=2", "RoundTrip"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %s:\n%s", part, log.String())
		}
	}
}
