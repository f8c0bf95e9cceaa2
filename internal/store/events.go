package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// event is what an edit tells of itself. It is written in the edit's transaction, behind the change.
type event struct {
	jobID  string
	at     time.Time
	actor  string
	action job.Action
	reason string
	before []byte            // the job's rows; nil where there was none
	detail map[string]string // what else is told with the rows after it
}

// readBefore reads the job's rows as they are before the change.
func (e *event) readBefore(ctx context.Context, tx pgx.Tx) error {
	return tx.QueryRow(ctx, eventBefore, pgx.StrictNamedArgs{"job_id": e.jobID}).Scan(&e.before)
}

// tellCancel records that a run of a job, or all of them (nil), were to be cancelled. The job may be removed by now.
func tellCancel(ctx context.Context, tx pgx.Tx, jobID string, runID *uuid.UUID, by job.Author) error {
	e := event{jobID: jobID, actor: by.Name(), action: job.ActionCancelAsked, reason: by.Reason}
	if err := tx.QueryRow(ctx, eventNow).Scan(&e.at); err != nil {
		return err
	}
	if err := e.readBefore(ctx, tx); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if runID != nil {
		e.detail = map[string]string{"run_id": runID.String()}
	}
	b := &pgx.Batch{}
	e.queue(b)
	return send(ctx, tx, b)
}

// queue queues the event behind the statements of the change.
func (e *event) queue(b *pgx.Batch) {
	detail := e.detail
	if detail == nil {
		detail = map[string]string{}
	}
	queueCounted(b, "record the event", 1, eventInsert, pgx.StrictNamedArgs{
		"job_id": e.jobID, "at": e.at, "actor": e.actor, "action": string(e.action), "reason": text(e.reason),
		"before": e.before, "detail": detail,
	})
}

// Events returns what was done to a job, newest first. The events of a removed job stay.
func (s *Store) Events(ctx context.Context, f job.EventFilter) ([]job.Event, error) {
	type row struct {
		damage
		ID            int64
		JobID         string
		At            time.Time
		Actor         string
		Action        string
		Reason        *string
		Before, After []byte
	}
	list := []job.Event{}
	args := pgx.StrictNamedArgs{"job_id": f.JobID, "before": f.Before, "limit": f.Limit}
	err := read(ctx, s, eventRows, args, func(r row) {
		list = append(list, job.Event{ID: r.ID, JobID: r.JobID, At: r.At.UTC(), Actor: r.Actor,
			Action: job.Action(r.Action),
			Reason: r.explained(deref(r.Reason)), Before: json.RawMessage(r.Before), After: json.RawMessage(r.After)})
	})
	return list, err
}
