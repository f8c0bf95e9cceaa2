package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// houseLoop keeps house in the database, which any node may do at any time, and raises the alarm where a person must
// look.
type houseLoop struct {
	store   Store
	story   *story
	metrics Metrics

	mu       sync.Mutex // guards warnings
	warnings []string   // of the latest housekeeping that knew
}

const (
	// houseEvery is the time between two housekeepings, houseAgain where the last one left something to do.
	houseEvery = time.Hour
	houseAgain = time.Minute
	// fewDays is the number of days with partitions below which a person must act. They are made two weeks ahead.
	fewDays = 3
)

func (l *houseLoop) run(ctx context.Context) error {
	for ctx.Err() == nil {
		sleep(ctx, jittered(l.keep(ctx)))
	}
	return nil
}

// keep does the housekeeping once, and says when to do it again.
func (l *houseLoop) keep(ctx context.Context) (wait time.Duration) {
	h, err := l.store.Maintain(ctx)
	if ctx.Err() != nil {
		return 0
	}
	l.metrics.Kept(h, err)
	if h.Dropped > 0 || h.Forgotten > 0 || h.Folded > 0 {
		l.story.kept(h)
	}
	if err != nil {
		l.story.notKept(err)
	}
	few := h.Known && h.DaysAhead < fewDays
	l.alarm(h, few)
	if err != nil || few || h.More {
		return houseAgain
	}
	return houseEvery
}

// alarm tells that run_history is about to be without partitions, and keeps it for Warnings. What is not known changes
// nothing.
func (l *houseLoop) alarm(h job.Housekeeping, few bool) {
	if !h.Known {
		return
	}
	var warnings []string
	if few {
		l.story.partitionsRunOut(h.DaysAhead, fewDaysRemedy)
		warnings = append(warnings, fewDaysSentence(h.DaysAhead)+"; "+fewDaysRemedy)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnings = warnings
}

const fewDaysRemedy = "run SELECT pgdue.make_history_partitions() and see why it fails: mostly a " +
	"transaction that has " +
	"read run_history stays open (pg_stat_activity), or the role lacks rights"

func fewDaysSentence(days int) string {
	if days < 0 {
		return "run_history has no partition for today, and its rows go into run_history_default"
	}
	return fmt.Sprintf("run_history has partitions for %s after today only", say.Count(int64(days), "day", "days"))
}

func (l *houseLoop) latest() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.warnings
}
