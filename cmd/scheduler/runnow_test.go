package main

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/pgdue/pgdue/client"
)

// run-now --wait exits as the program did; what has no exit status of its own is 1.
func TestExitCodeOfARun(t *testing.T) {
	for _, c := range []struct {
		outcome string
		status  *int
		want    int
	}{
		{"failed", new(3), 3},
		{"failed", new(255), 255},
		{"failed", new(503), 1},
		{"failed", nil, 1}, // killed by a signal
		{"timed_out", new(0), 1},
		{"cancelled", nil, 1},
	} {
		err := fmt.Errorf("run now: %w", &runError{client.Run{Outcome: c.outcome, Status: c.status}})
		if got := exitCode(io.Discard, err); got != c.want {
			t.Errorf("%s: exits with %d, want %d", c.outcome, got, c.want)
		}
	}
	if got := exitCode(io.Discard, errors.New("other")); got != 1 {
		t.Errorf("another error: %d", got)
	}
}
