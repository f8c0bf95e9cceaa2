package job

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The wait is half to all of an exponential backoff, and never more than the longest.
func TestBackoffIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "min"))
		r := Retry{Min: &first, Factor: rapid.Float64Range(1, 100).Draw(t, "factor")}
		r.Max = first + time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "more"))
		attempt := rapid.IntRange(1, 1000).Draw(t, "attempt")
		wait := r.Backoff(attempt)
		longest := r.Max
		if attempt == 1 {
			longest = first
		}
		if wait > longest || wait < first/2-time.Microsecond {
			t.Fatalf("%+v waits %s after attempt %d", r, wait, attempt)
		}
	})
	for attempt := range 10 {
		if wait := (Retry{Min: new(time.Duration)}).Backoff(attempt + 1); wait != 0 {
			t.Errorf("with a wait of 0 s attempt %d waits %s", attempt+2, wait)
		}
	}
	if wait := (Retry{}).Backoff(1); wait < 500*time.Millisecond || wait > time.Second {
		t.Errorf("by default the second attempt waits %s, want 0.5 to 1 s", wait)
	}
}
