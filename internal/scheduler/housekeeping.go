package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

const (
	// maintainEvery is the time between two housekeepings, maintainAgain where the last one left something to do.
	maintainEvery = time.Hour
	maintainAgain = time.Minute
	// fewDays is the number of days with partitions below which a person must act. They are made two weeks ahead.
	fewDays = 3
)

// maintain keeps house until ctx ends.
func (s *Scheduler) maintain(ctx context.Context) error {
	for ctx.Err() == nil {
		sleep(ctx, jittered(s.keepHouse(ctx)))
	}
	return nil
}

// keepHouse does the housekeeping once, raises the alarm where run_history is about to be without partitions, and says
// when to do it again.
func (s *Scheduler) keepHouse(ctx context.Context) (wait time.Duration) {
	h, err := s.Store.Maintain(ctx)
	if ctx.Err() != nil {
		return 0
	}
	s.Metrics.Kept(h, err)
	if h.Dropped > 0 || h.Forgotten > 0 || h.Folded > 0 {
		s.story.kept(h)
	}
	if err != nil {
		s.story.notKept(err)
	}
	few := h.Known && h.DaysAhead < fewDays
	s.warn(h, few)
	if err != nil || few || h.More {
		return maintainAgain
	}
	return maintainEvery
}

// warn raises the alarm, and keeps it for Warnings. What is not known changes nothing.
func (s *Scheduler) warn(h job.Housekeeping, few bool) {
	if !h.Known {
		return
	}
	var warnings []string
	if few {
		s.story.fewDays(h.DaysAhead, fewDaysRemedy)
		warnings = append(warnings, fewDaysSentence(h.DaysAhead)+"; "+fewDaysRemedy)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = warnings
}

const fewDaysRemedy = "run SELECT pgdue.make_history_partitions() and see why it fails: mostly a transaction that has read " +
	"run_history stays open (pg_stat_activity), or the role lacks rights"

func fewDaysSentence(days int) string {
	if days < 0 {
		return "run_history has no partition for today, and its rows go into run_history_default"
	}
	return fmt.Sprintf("run_history has partitions for %s after today only", say.Count(int64(days), "day", "days"))
}

// Warnings are sentences about what a person should look after soon, though the node works. It does not wait for the
// database.
func (s *Scheduler) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.warnings
}
