package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/client"
)

// Between two attempts nothing executes, and what is told is when the next one may begin.
func TestRunBetweenTwoAttempts(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	run := client.Run{RunID: "r", Attempt: 1, State: client.RunRetrying, ScheduledRunTime: at, StartedAt: at,
		NotBefore: at.Add(time.Minute)}
	var out strings.Builder
	if err := printRuns(&out, []client.Run{run}, time.UTC, at.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	_, row, _ := strings.Cut(out.String(), "\n")
	got, want := strings.Join(strings.Fields(row), " "),
		"2026-03-01 09:00:00 UTC retrying r waits for attempt 2 until 2026-03-01 09:01:00 UTC"
	if got != want {
		t.Errorf("shown as %q, want %q", got, want)
	}
}
