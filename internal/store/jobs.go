package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// Job returns one job with what stands around it. ErrNotFound.
func (s *Store) Job(ctx context.Context, id string) (job.Overview, error) {
	list, err := s.overviews(ctx, "", &id, 1)
	if err != nil {
		return job.Overview{}, err
	}
	if len(list) == 0 {
		return job.Overview{}, job.ErrNotFound
	}
	return list[0], nil
}

// Jobs returns up to limit jobs by id, after the id given.
func (s *Store) Jobs(ctx context.Context, after string, limit int) ([]job.Overview, error) {
	return s.overviews(ctx, after, nil, limit)
}

func (s *Store) overviews(ctx context.Context, after string, id *string, limit int) ([]job.Overview, error) {
	type row struct {
		jobRow
		State       string
		Queue       string
		NextRunTime *time.Time
		LastRunTime *time.Time
		LastRan     *time.Time
		DueAt       *time.Time
		Error       *string
		Running     int
		Waiting     int
		LastOutcome *string
		LastReason  *string
		LastEndedAt *time.Time
		Problem     *string
		HeldWith    *string
		HeldAt      *time.Time
		HeldBy      *string
		HeldReason  *string
	}
	list := []job.Overview{}
	args := pgx.StrictNamedArgs{"after": after, "job_id": id, "limit": limit}
	err := read(ctx, s, overview, args, func(r row) {
		s := scheduleRow{JobID: r.ID, Queue: r.Queue, State: r.State, NextRunTime: r.NextRunTime,
			LastRunTime: r.LastRunTime, DueAt: r.DueAt, Error: r.Error}
		j, err := r.job(&s)
		problem := deref(r.Problem)
		if err != nil && problem == "" {
			problem = err.Error()
		}
		list = append(list, job.Overview{
			Job: j, Running: r.Running, Waiting: r.Waiting, LastOutcome: deref(r.LastOutcome),
			LastReason: deref(r.LastReason), LastRan: orZero(r.LastRan),
			LastEndedAt: orZero(r.LastEndedAt), Problem: problem,
		})
		if r.HeldWith != nil {
			list[len(list)-1].Held = job.Held{
				With: *r.HeldWith, At: orZero(r.HeldAt), By: deref(r.HeldBy), Reason: deref(r.HeldReason),
			}
		}
	})
	return list, err
}

// Runs returns a job's runs, newest first, without what they printed, and with the beginning of a long error.
func (s *Store) Runs(ctx context.Context, f job.RunFilter) ([]job.RunView, error) {
	return s.views(ctx, runsRows, runsArgs(f))
}

// runsArgs are those of runs. upto bounds by the index what ended, for a time and for a place.
func runsArgs(f job.RunFilter) pgx.StrictNamedArgs {
	p, upto := f.Behind, f.Before
	if !upto.IsZero() {
		upto = upto.Add(-time.Microsecond)
	}
	if p.State == job.RunEnded {
		upto = p.At
	}
	return pgx.StrictNamedArgs{
		"job_id": f.JobID, "limit": f.Limit, "upto": orNull(upto), "state": text(p.State), "at": orNull(p.At),
		"scheduled": orNull(p.Scheduled), "run_id": p.RunID, "attempt": p.Attempt,
	}
}

// Run returns all rows of one run, attempts ascending. ErrNotFound.
func (s *Store) Run(ctx context.Context, jobID string, runID uuid.UUID) ([]job.RunView, error) {
	views, err := s.views(ctx, runRows, pgx.StrictNamedArgs{"job_id": jobID, "run_id": runID})
	if err == nil && len(views) == 0 {
		err = job.ErrNotFound
	}
	return views, err
}

func (s *Store) views(ctx context.Context, statement string, args pgx.StrictNamedArgs) ([]job.RunView, error) {
	list := []job.RunView{}
	err := read(ctx, s, statement, args, func(r runRow) { list = append(list, r.view()) })
	return list, err
}

// read is a call of one query, whose rows are given to do.
func read[T any](ctx context.Context, s *Store, query string, args pgx.StrictNamedArgs, do func(T)) error {
	return call(ctx, s.limit, func(ctx context.Context) error {
		return readRows(ctx, s.pool, query, args, do)
	})
}
