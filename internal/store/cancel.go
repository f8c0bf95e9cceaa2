package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// Cancel ends one run of a job, or asks its node to: ErrNotFound, ErrEnded.
func (s *Store) Cancel(ctx context.Context, jobID string, runID uuid.UUID, by job.Author) (job.Cancellation, error) {
	return s.cancel(ctx, jobID, &runID, by)
}

// CancelTx is Cancel in the caller's transaction.
func (s *Store) CancelTx(
	ctx context.Context, tx pgx.Tx, jobID string, runID uuid.UUID, by job.Author,
) (job.Cancellation, error) {
	c, err := cancelRuns(ctx, tx, jobID, &runID, by)
	return c, locked(translate(err))
}

// CancelAll ends all runs of a job that have not ended, or asks their nodes to. A job without any is not found only
// where it does not exist itself.
func (s *Store) CancelAll(ctx context.Context, jobID string, by job.Author) (job.Cancellation, error) {
	return s.cancel(ctx, jobID, nil, by)
}

// CancelAllTx is CancelAll in the caller's transaction.
func (s *Store) CancelAllTx(ctx context.Context, tx pgx.Tx, jobID string, by job.Author) (job.Cancellation, error) {
	c, err := cancelRuns(ctx, tx, jobID, nil, by)
	return c, locked(translate(err))
}

func (s *Store) cancel(
	ctx context.Context, jobID string, runID *uuid.UUID, by job.Author,
) (c job.Cancellation, err error) {
	err = s.inEdit(ctx, jobID, func(ctx context.Context, tx pgx.Tx) (err error) {
		c, err = cancelRuns(ctx, tx, jobID, runID, by)
		return err
	})
	if err != nil {
		return job.Cancellation{}, err
	}
	return c, nil
}

// cancelRuns works under the job's lock, with which runs begin to wait, begin, and begin their next attempts. A run of
// a job that was removed has none, and can only execute.
func cancelRuns(
	ctx context.Context, tx pgx.Tx, jobID string, runID *uuid.UUID, by job.Author,
) (c job.Cancellation, err error) {
	locked, err := tx.Exec(ctx, jobLock, pgx.StrictNamedArgs{"job_id": jobID})
	if err != nil {
		return c, err
	}
	if c.Ended, err = cancelUnbegun(ctx, tx, jobID, runID, job.CancelSentence(by.Name(), by.Reason)); err != nil {
		return c, err
	}
	if c.Asked, err = askToCancel(ctx, tx, jobID, runID, by); err != nil {
		return c, err
	}
	switch {
	case c != (job.Cancellation{}):
		return c, tellCancel(ctx, tx, jobID, runID, by)
	case runID != nil:
		return c, whyNotCancelled(ctx, tx, jobID, *runID)
	case locked.RowsAffected() == 0:
		if there, err := recoverRow(ctx, tx, jobID); there || err != nil {
			return c, err
		}
		return c, job.ErrNotFound
	}
	return c, nil
}

// cancelUnbegun ends runs that wait, or are between two attempts; the latter leave an instance free for who waits.
func cancelUnbegun(
	ctx context.Context, tx pgx.Tx, jobID string, runID *uuid.UUID, sentence string,
) (ended int, err error) {
	args := pgx.StrictNamedArgs{"job_id": jobID, "run_id": runID, "sentence": sentence}
	for _, statement := range []string{cancelWaiting, cancelRetrying} {
		tag, err := tx.Exec(ctx, statement, args)
		if err != nil {
			return 0, fmt.Errorf("end runs that do not execute: %w", err)
		}
		ended += int(tag.RowsAffected())
	}
	if ended > 0 {
		_, err = tx.Exec(ctx, waitingDue, pgx.StrictNamedArgs{"job_ids": []string{jobID}})
	}
	return ended, err
}

// askToCancel writes the request into the rows of runs that execute, and has their nodes told at commit.
func askToCancel(ctx context.Context, tx pgx.Tx, jobID string, runID *uuid.UUID, by job.Author) (asked int, err error) {
	statement, args := cancelAll, pgx.StrictNamedArgs{"job_id": jobID, "by": by.Name(), "reason": text(by.Reason)}
	if runID != nil {
		statement, args["run_id"] = cancelExecuting, *runID
	}
	nodes, err := values[*uuid.UUID](ctx, tx, statement, args)
	if err != nil || len(nodes) == 0 {
		return 0, err
	}
	asked = len(nodes)
	nodes = slices.DeleteFunc(nodes, func(id *uuid.UUID) bool { return id == nil })
	_, err = tx.Exec(ctx, cancelNotify, pgx.StrictNamedArgs{"node_ids": nodes})
	return asked, err
}

// whyNotCancelled says how a run has ended that could not be cancelled.
func whyNotCancelled(ctx context.Context, tx pgx.Tx, jobID string, runID uuid.UUID) error {
	var outcome string
	var at time.Time
	err := tx.QueryRow(ctx, cancelEnded, pgx.StrictNamedArgs{"job_id": jobID, "run_id": runID}).Scan(&outcome, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return job.ErrNotFound
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s at %s", job.ErrEnded, outcome, say.Time(at))
}

// Cancels lists which attempts of a node somebody asked to cancel.
func (s *Store) Cancels(ctx context.Context, node uuid.UUID) (asked []job.Asked, err error) {
	type row struct {
		RunID uuid.UUID
		cancelRow
	}
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return readRows(ctx, s.loops, cancelAsked, pgx.StrictNamedArgs{"node_id": node}, func(r row) {
			asked = append(asked, job.Asked{RunID: r.RunID, CancelRequest: r.request()})
		})
	})
	return asked, err
}

// TellCancels notifies nodes that somebody asked to cancel attempts of theirs.
func (s *Store) TellCancels(ctx context.Context, nodes []uuid.UUID) error {
	return s.exec(ctx, s.limit, cancelNotify, pgx.StrictNamedArgs{"node_ids": nodes})
}
