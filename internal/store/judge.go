package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// WatchedJobs lists jobs with OnFailure.
func (s *Store) WatchedJobs(ctx context.Context, after string, limit int) (ids []string, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) (err error) {
		ids, err = values[string](ctx, s.loops, alertWatched, pgx.StrictNamedArgs{"after": after, "limit": limit})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list jobs with on_failure: %w", err)
	}
	return ids, nil
}

// JudgeJobs judges without a lock first: nearly always there is nothing to be done.
func (s *Store) JudgeJobs(
	ctx context.Context, jobIDs []string, judge func(policy.Watch) policy.Verdict,
) (judged []policy.Judged, err error) {
	var watches []policy.Watch
	err = call(ctx, s.limit, func(ctx context.Context) (err error) {
		watches, err = readWatches(ctx, s.loops, jobIDs)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how jobs fare: %w", err)
	}
	var errs []error
	for _, w := range watches {
		if judge(w).Alert == nil {
			continue
		}
		v, err := s.judgeLocked(ctx, w.JobID, judge)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("judge job %s: %w", w.JobID, err))
		case v.Alert != nil:
			judged = append(judged, policy.Judged{JobID: w.JobID, Verdict: v})
		}
	}
	return judged, errors.Join(errs...)
}

// judgeLocked judges a job under its lock and writes the verdict. A job that cannot be read as one is left to the
// claim, which blocks it.
func (s *Store) judgeLocked(
	ctx context.Context, id string, judge func(policy.Watch) policy.Verdict,
) (v policy.Verdict, err error) {
	err = s.inTxWithLocks(ctx, func(ctx context.Context, tx pgx.Tx) error {
		v = policy.Verdict{}
		l, err := lockJob(ctx, tx, id)
		if err != nil || l == nil || l.Validate() != nil {
			return err
		}
		watches, err := readWatches(ctx, tx, []string{id}) // later than the lock
		if err != nil || len(watches) == 0 {
			return err
		}
		if v = judge(watches[0]); v.Alert == nil {
			return nil
		}
		if err := insertAlert(ctx, tx, v.Alert); err != nil || v.Pause == "" {
			return err
		}
		_, err = pausing(id, job.Author{Actor: job.Itself, Reason: v.Pause}).do(ctx, tx)
		return err
	})
	if err != nil {
		return policy.Verdict{}, err
	}
	return v, nil
}

// watchRow is a row of alert_watch.
type watchRow struct {
	damage
	JobID               string
	CreatedRevision     int64
	UpdatedAt           time.Time
	Labels              []byte
	OnFailure           []byte
	AlertIfNoSuccessFor *time.Duration
	State               string
	Now                 time.Time
	Held                bool
	ReleasedAt          *time.Time
	Kind                *string
	At                  *time.Time
	Since               *time.Time
	RunEndedAt          *time.Time
	LastSuccess         *time.Time
	Failures            []byte
}

func readWatches(ctx context.Context, a asker, jobIDs []string) (watches []policy.Watch, err error) {
	args := pgx.StrictNamedArgs{"job_ids": jobIDs}
	err = readRows(ctx, a, alertWatch, args, func(r watchRow) { watches = append(watches, r.watch()) })
	return watches, err
}

// watch reads a row. A definition that cannot be read comes without OnFailure: the claim blocks such a job.
func (r *watchRow) watch() policy.Watch {
	w := policy.Watch{
		JobID: r.JobID, CreatedRevision: r.CreatedRevision, UpdatedAt: r.UpdatedAt.UTC(),
		AlertIfNoSuccessFor: deref(r.AlertIfNoSuccessFor),
		State:               job.State(r.State), Now: r.Now.UTC(), Held: r.Held, ReleasedAt: orZero(r.ReleasedAt),
		LastSuccess: orZero(r.LastSuccess),
	}
	if r.Damage != nil || json.Unmarshal(r.OnFailure, &w.OnFailure) != nil ||
		json.Unmarshal(r.Labels, &w.Labels) != nil {
		w.OnFailure = nil
	}
	if json.Unmarshal(r.Failures, &w.Failures) != nil {
		w.Failures = nil
	}
	if r.Kind != nil {
		w.Latest = &job.Alert{
			Kind: job.AlertKind(*r.Kind), At: orZero(r.At), Since: orZero(r.Since), RunEndedAt: orZero(r.RunEndedAt),
		}
	}
	return w
}
