package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// Housekeeping is done at the start and every hour, and each minute while it fails or leaves something to do. The alarm
// is raised, and taken back, by what it finds.
func TestHousekeepingUntilItSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var mu sync.Mutex
		var at []time.Duration
		times := func() []time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(at)
		}
		begun := time.Now()
		answers := []func() (job.Housekeeping, error){
			func() (job.Housekeeping, error) { return job.Housekeeping{Known: true, DaysAhead: 2}, errDown },
			func() (job.Housekeeping, error) { return job.Housekeeping{}, errDown }, // not known: the alarm stays
			func() (job.Housekeeping, error) { return job.Housekeeping{Known: true, DaysAhead: -1}, nil },
			func() (job.Housekeeping, error) { return job.Housekeeping{Known: true, DaysAhead: 14, More: true}, nil },
			func() (job.Housekeeping, error) { return job.Housekeeping{Known: true, DaysAhead: 14}, nil },
		}
		s := node(&fake{maintain: func() (job.Housekeeping, error) {
			mu.Lock()
			defer mu.Unlock()
			n := min(len(at), len(answers)-1)
			at = append(at, time.Since(begun))
			return answers[n]()
		}}, quickly)
		s.Log = slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()

		const two = "for 2 days after today only"
		wantWarnings := []string{two, two, "no partition for today", "", ""}
		for n, want := range wantWarnings {
			for synctest.Wait(); len(times()) <= n; synctest.Wait() {
				time.Sleep(time.Second)
			}
			if got := strings.Join(s.Warnings(), "\n"); !strings.Contains(got, want) || (want == "") != (got == "") {
				t.Errorf("warnings after housekeeping %d: %q, want %q", n+1, got, want)
			}
		}
		time.Sleep(3 * time.Hour)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		all := times()
		if all[0] != 0 || all[4] > 5*time.Minute {
			t.Errorf("housekeeping at %v, want the first five within five minutes", all)
		}
		if n := len(all) - 5; n < 2 || n > 3 {
			t.Errorf("%d housekeepings in the three hours after the fifth, want one an hour", n)
		}
		if n := strings.Count(log.String(), "about to be without partitions"); n != 2 {
			t.Errorf("the alarm was raised %d times, want 2:\n%s", n, log.String())
		}
		if !strings.Contains(log.String(), "make_history_partitions()") {
			t.Errorf("the alarm names no remedy:\n%s", log.String())
		}
	})
}
