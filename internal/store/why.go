package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/why"
)

const (
	// whyRecent is how many of a job's latest records tell what happened lately.
	whyRecent = 10
	// whyLockLimit is how long a reader waits for a table that somebody has locked.
	whyLockLimit = 500 * time.Millisecond
	// whyStatementLimit bounds the search of a job's history.
	whyStatementLimit = 5 * time.Second
)

// beginWhy begins a transaction that reads in one snapshot, so that a run that ends meanwhile is seen once.
var beginWhy = fmt.Sprintf("begin isolation level repeatable read read only; set local lock_timeout = %d; set local "+
	"statement_timeout = %d",
	whyLockLimit.Milliseconds(), whyStatementLimit.Milliseconds())

// Why reads what the rows and PostgreSQL's locks say of a job, and of what became of its fire time at at, unless that
// is zero. It changes nothing. A job that is not there is no error: Facts.Known is false.
func (s *Store) Why(ctx context.Context, id string, at time.Time) (why.Facts, error) {
	f := why.Facts{ID: id, At: at.UTC()}
	err := call(ctx, s.limit, func(ctx context.Context) (err error) {
		if f.Holders, err = s.holders(ctx, id); err != nil {
			return fmt.Errorf("read locks: %w", err)
		}
		err = s.snapshot(ctx, func(tx pgx.Tx) error { return readFacts(ctx, tx, &f) })
		if isCode(err, lockNotAvailable) {
			f = why.Facts{ID: id, At: f.At, Look: policy.Look{Now: f.Now}, Holders: f.Holders, Unread: true}
			return nil
		}
		return err
	})
	if err != nil || !f.Known || at.IsZero() {
		return f, err
	}
	return f, call(ctx, s.limit, func(ctx context.Context) error { return s.readAt(ctx, &f) })
}

// snapshot lets do read in one snapshot.
func (s *Store) snapshot(ctx context.Context, do func(pgx.Tx) error) error {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginWhy})
	if err != nil {
		return err
	}
	defer rollback(ctx, tx)
	return do(tx)
}

func readFacts(ctx context.Context, tx pgx.Tx, f *why.Facts) error {
	if err := readClock(ctx, tx, f); err != nil {
		return err
	}
	known, err := readWhyJob(ctx, tx, f)
	if err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	if f.Known = known; !known {
		return readGone(ctx, tx, f)
	}
	if err := readInstances(ctx, tx, f); err != nil {
		return fmt.Errorf("read the instances: %w", err)
	}
	return readAround(ctx, tx, f)
}

// readClock compares the database's clock with this process's: it was read between the question and the answer.
func readClock(ctx context.Context, tx pgx.Tx, f *why.Facts) error {
	asked := time.Now()
	if err := tx.QueryRow(ctx, whyNow).Scan(&f.Now); err != nil {
		return err
	}
	f.SkewWithin = time.Since(asked) / 2
	f.Now, f.Skew = f.Now.UTC(), f.Now.Sub(asked.Add(f.SkewWithin))
	return nil
}

// readWhyJob reads the job's definition and schedule. false: there is none.
func readWhyJob(ctx context.Context, tx pgx.Tx, f *why.Facts) (known bool, err error) {
	var schedule scheduleRow
	err = readRows(ctx, tx, whySchedule, pgx.StrictNamedArgs{"job_id": f.ID},
		func(r scheduleRow) { schedule, f.Queue = r, r.Queue })
	if err != nil {
		return false, err
	}
	type row struct {
		jobRow
		Now time.Time
	}
	err = readRows(ctx, tx, claimJobs, pgx.StrictNamedArgs{"job_ids": []string{f.ID}}, func(r row) {
		f.Job, f.Err = r.job(&schedule)
		known = true
	})
	return known, err
}

func readInstances(ctx context.Context, tx pgx.Tx, f *why.Facts) error {
	one := pgx.StrictNamedArgs{"job_ids": []string{f.ID}}
	return errors.Join(
		readRows(ctx, tx, claimLive, one, func(r instanceRow) {
			f.Live, f.Err = append(f.Live, r.instance()), errors.Join(f.Err, r.unreadable())
		}),
		readRows(ctx, tx, claimWaiting, one,
			func(r waitingRow) {
				f.Waiting, f.WaitingCount = append(f.Waiting, r.run()), r.Waiting
				f.Err = errors.Join(f.Err, r.unreadable())
			}),
		readRows(ctx, tx, claimRecent, one,
			func(r recentRow) { f.Pace = r.pace() }),
	)
}

// readAround reads what stands around a job: nodes, pauses, its latest records.
func readAround(ctx context.Context, tx pgx.Tx, f *why.Facts) error {
	one := pgx.StrictNamedArgs{"job_id": f.ID}
	// Those that wait or run have no place in it: whoever asks for what came before a moment gets what has ended.
	latest := runsArgs(job.RunFilter{JobID: f.ID, Before: f.Now.AddDate(1, 0, 0), Limit: whyRecent})
	type retention struct {
		damage
		HistoryRetention time.Duration
	}
	return errors.Join(
		readRows(ctx, tx, whyNodes, one, func(r nodeRow) { f.Nodes = append(f.Nodes, r.fact()) }),
		readRows(ctx, tx, whyPauses, one, func(r pauseRow) { f.Pauses = append(f.Pauses, r.pause()) }),
		readRows(ctx, tx, whyRetention, nil, func(r retention) { f.Retention = r.HistoryRetention }),
		readRows(ctx, tx, runsRows, latest, func(r runRow) { f.Recent = append(f.Recent, r.view()) }),
		readAdded(ctx, tx, f),
	)
}

// readAdded reads who adds the job again. Between two times at which it was added, and not removed, it had finished.
func readAdded(ctx context.Context, tx pgx.Tx, f *why.Facts) error {
	type row struct {
		damage
		At            time.Time
		Actor, Action string
	}
	var added []row
	err := readRows(ctx, tx, whyAdded, pgx.StrictNamedArgs{"job_id": f.ID}, func(r row) {
		if job.Action(r.Action) == job.ActionAdded {
			added = append(added, r)
		}
	})
	if len(added) == 2 {
		f.Added = why.Added{By: added[0].Actor, At: added[0].At.UTC(), After: added[0].At.Sub(added[1].At)}
	}
	return err
}

// nodeRow is a node as its row shows it.
type nodeRow struct {
	damage
	why.NodeFact
}

func (r *nodeRow) fact() why.NodeFact {
	n := r.NodeFact
	n.Name, n.BeatAt = r.explained(n.Name), n.BeatAt.UTC()
	return n
}

// readGone reads what is left of a job that is not there.
func readGone(ctx context.Context, tx pgx.Tx, f *why.Facts) error {
	type row struct {
		damage
		RemovedAt         *time.Time
		RemovedBy, Reason *string
		LastEnded         *time.Time
		Running           int
	}
	return readRows(ctx, tx, whyGone, pgx.StrictNamedArgs{"job_id": f.ID}, func(r row) {
		f.Gone = why.Gone{RemovedAt: orZero(r.RemovedAt), RemovedBy: deref(r.RemovedBy), Reason: deref(r.Reason),
			LastEnded: orZero(r.LastEnded), Running: r.Running}
	})
}

// readAt reads the runs that have a fire time at f.At. Where there is none, all that was recorded since is searched,
// which may be too much.
func (s *Store) readAt(ctx context.Context, f *why.Facts) error {
	from, until := why.Moment(f.At)
	err := s.snapshot(ctx, func(tx pgx.Tx) error {
		runs, err := values[uuid.UUID](ctx, tx, whyAt,
			pgx.StrictNamedArgs{"job_id": f.ID, "from": from, "until": until})
		for _, run := range runs {
			err = errors.Join(err, readRows(ctx, tx, runRows, pgx.StrictNamedArgs{"job_id": f.ID, "run_id": run},
				func(r runRow) { f.AtRuns = append(f.AtRuns, r.view()) }))
		}
		return err
	})
	if isCode(err, queryCancelled) && ctx.Err() == nil {
		f.AtTooLong = true
		return nil
	}
	return err
}
