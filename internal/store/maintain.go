package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

const (
	// forgetBatch is how many rows of each table one statement deletes.
	forgetBatch = 1000
	// foldJobsBatch is of how many jobs the hours are looked up at a time; foldRows how many rows one statement folds,
	// or one hour of one job where it has more.
	foldJobsBatch = 500
	foldRows      = 10_000
	// foldFor is how long one housekeeping folds. What is left is for the next.
	foldFor = 30 * time.Second
)

// Maintain makes partitions ahead, drops those that are past the retention, deletes other rows that are, and folds the
// successes of jobs whose history is errors. Each step is tried, whatever became of the one before. Whoever may read
// and write the tables can do it: what needs more does a function of their owner.
func (s *Store) Maintain(ctx context.Context) (h job.Housekeeping, err error) {
	step := func(what string, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	var makeErr, dropErr, forgetErr, foldErr, daysErr error
	h.Made, makeErr = s.untilNone(ctx, maintainMake)
	h.Dropped, dropErr = s.untilNone(ctx, maintainDrop)
	h.Forgotten, forgetErr = s.untilNone(ctx, maintainForget, pgx.StrictNamedArgs{"limit": forgetBatch})
	h.Folded, h.More, foldErr = s.fold(ctx)
	h.DaysAhead, daysErr = s.count(ctx, maintainDaysAhead)
	h.Known = daysErr == nil
	return h, errors.Join(
		step("make partitions of run_history", makeErr), step("drop old partitions of run_history", dropErr),
		step("delete old events", forgetErr), step("fold successes", foldErr),
		step("count the days with partitions", daysErr),
	)
}

// untilNone repeats a statement, each a transaction of its own, until it says that it found nothing more to do.
func (s *Store) untilNone(ctx context.Context, statement string, args ...any) (sum int, err error) {
	for {
		n, err := s.count(ctx, statement, args...)
		if sum += n; err != nil || n == 0 {
			return sum, err
		}
	}
}

// count runs a statement that returns a number.
func (s *Store) count(ctx context.Context, statement string, args ...any) (n int, err error) {
	err = call(ctx, maintainTimeout, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, statement, args...).Scan(&n)
	})
	return n, err
}

// fold folds the successes of all jobs whose history is errors, for so long; more says that some are left.
func (s *Store) fold(ctx context.Context) (rows int, more bool, err error) {
	until := time.Now().Add(foldFor)
	for after := ""; ; {
		jobs, err := inHouse(ctx, s, values[string], foldJobs,
			pgx.StrictNamedArgs{"after": after, "limit": foldJobsBatch})
		if err != nil || len(jobs) == 0 {
			return rows, false, err
		}
		after = jobs[len(jobs)-1]
		hours, err := inHouse(ctx, s, list[foldHour], foldHours, pgx.StrictNamedArgs{"job_ids": jobs})
		if err != nil {
			return rows, false, err
		}
		for len(hours) > 0 {
			if time.Now().After(until) {
				return rows, true, nil
			}
			batch := nextFold(hours)
			hours = hours[len(batch):]
			n, err := s.count(ctx, foldHistory, foldArgs(batch))
			if rows += n; err != nil {
				return rows, false, err
			}
		}
	}
}

// foldHour is an hour of a job with rows to fold.
type foldHour struct {
	JobID string
	Cause string
	Hour  time.Time
	Rows  int
}

// nextFold is how many of the hours, which there are some of, one statement folds.
func nextFold(hours []foldHour) []foldHour {
	n, rows := 1, hours[0].Rows
	for n < len(hours) && rows+hours[n].Rows <= foldRows {
		rows += hours[n].Rows
		n++
	}
	return hours[:n]
}

// foldArgs are the arguments of history_fold. The hours ascend.
func foldArgs(hours []foldHour) pgx.StrictNamedArgs {
	span := pgx.StrictNamedArgs{"first": hours[0].Hour, "last": hours[len(hours)-1].Hour}
	return foldColumns.addTo(span, hours)
}

// inHouse reads rows within the time that a step of the housekeeping has.
func inHouse[T any](
	ctx context.Context, s *Store, read func(context.Context, asker, string, pgx.StrictNamedArgs) ([]T, error),
	statement string, args pgx.StrictNamedArgs,
) (rows []T, err error) {
	err = call(ctx, maintainTimeout, func(ctx context.Context) (err error) {
		rows, err = read(ctx, s.pool, statement, args)
		return err
	})
	return rows, err
}
