package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// aheadBatch is how many jobs are looked at with one question.
const aheadBatch = 500

// FindAhead calls found for each job whose next run lies further ahead than its trigger allows: policy.Look.Ahead. It
// locks and changes nothing.
func (s *Store) FindAhead(ctx context.Context, found func(policy.Look)) error {
	for after := ""; ; {
		looks, err := s.looksAhead(ctx, after)
		if err != nil || len(looks) == 0 {
			return err
		}
		for _, l := range looks {
			if _, ahead := l.Ahead(); ahead {
				found(l)
			}
			after = l.ID
		}
	}
}

func (s *Store) looksAhead(ctx context.Context, after string) (looks []policy.Look, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return s.snapshot(ctx, func(tx pgx.Tx) error {
			jobs, err := list[scheduleRow](ctx, tx, clockJobs, pgx.StrictNamedArgs{"after": after, "limit": aheadBatch})
			if err != nil || len(jobs) == 0 {
				return err
			}
			looks, err = readLooks(ctx, tx, jobs)
			return err
		})
	})
	return looks, err
}

// MendClock gives a job whose next run lies further ahead than its trigger allows the one that it allows:
// policy.Look.MendClock.
func (s *Store) MendClock(ctx context.Context, id string, by job.Author) (policy.Change, error) {
	return s.edit(ctx, present(id, by, func(l policy.Look) (policy.Change, error) { return l.MendClock(), nil }))
}

// JobsAhead says by their rows alone how many jobs stand ahead because the database's clock was set back.
func (s *Store) JobsAhead(ctx context.Context) (a job.Ahead, err error) {
	err = read(ctx, s, clockAhead, nil, func(one job.Ahead) { a = one })
	return a, err
}
