// Package tests holds whole-system tests: several nodes on one database, and the same cases on PostgreSQL in
// containers. Their verdicts are read from the rows.
package tests

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// takeTurn is for tests that keep all processors busy, or measure times beside such: one of them runs at a time. The
// tests beside them mostly wait.
func takeTurn(t *testing.T) {
	turn.Lock()
	t.Cleanup(turn.Unlock)
}

var turn sync.Mutex

// work is an executor of this test program: do is what every attempt does.
type work struct {
	queue string
	do    func(ctx context.Context, a job.Attempt) job.Result
}

func (w work) Queues() []string { return []string{w.queue} }

func (w work) Execute(ctx context.Context, a job.Attempt) job.Result { return w.do(ctx, a) }

// sleeps is work that takes d.
func sleeps(d time.Duration) work {
	return work{job.KindExec.Name, func(ctx context.Context, _ job.Attempt) job.Result {
		select {
		case <-ctx.Done():
			return job.Result{Outcome: job.Lost, Error: context.Cause(ctx).Error()}
		case <-time.After(d):
			return job.Result{Outcome: job.Succeeded}
		}
	}}
}

// quiet is a log for tests that judge by rows.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// testLog is a log that is shown when the test fails.
func testLog(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// sees is a log of which one line is waited for.
type sees struct {
	line string
	once sync.Once
	seen chan struct{}
}

func (s *sees) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.line) {
		s.once.Do(func() { close(s.seen) })
	}
	return len(p), nil
}
