package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// Jobs that stand ahead are told once, with the remedy, and warned of until they are mended.
func TestJobsAheadAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var ahead atomic.Int64
		s := node(&fake{stands: func() job.Ahead { return job.Ahead{Jobs: int(ahead.Load()), One: "ping"} }}, quickly)
		s.Log = slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		for _, c := range []struct {
			jobs int64
			want string
		}{{0, ""}, {2, "2 jobs stand further ahead than their triggers allow (ping, for one)"}, {0, ""}} {
			ahead.Store(c.jobs)
			time.Sleep(time.Hour)
			got := strings.Join(s.Warnings(), "\n")
			if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("with %d jobs ahead the warnings are %q, want %q", c.jobs, got, c.want)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		const told = `jobs=2 job=ping remedy="scheduler mend-clock`
		if n := strings.Count(log.String(), told); n != 1 {
			t.Errorf("told %d times, want once:\n%s", n, log.String())
		}
	})
}
