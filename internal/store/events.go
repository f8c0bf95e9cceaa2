package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	before []byte         // the job's rows, masked; nil where there was none
	detail map[string]any // what else is told with the rows after it, or in the place of their columns
}

// readBefore reads the job's rows as they are before the change. Until tellAfter says otherwise, what of them is masked
// is the same after it.
func (e *event) readBefore(ctx context.Context, tx pgx.Tx) error {
	var row []byte
	err := tx.QueryRow(ctx, eventBefore, pgx.StrictNamedArgs{"job_id": e.jobID}).Scan(&row)
	if err != nil {
		return err
	}
	if e.before, err = job.MaskRow(row); err != nil {
		return err
	}
	var columns struct {
		Payload   json.RawMessage `json:"payload"`
		OnFailure json.RawMessage `json:"on_failure"`
	}
	e.detail = map[string]any{}
	if err = json.Unmarshal(e.before, &columns); err == nil {
		e.detail["payload"], e.detail["on_failure"] = columns.Payload, columns.OnFailure
	}
	return err
}

// tellAfter tells of the definition after the change as it may be shown; before is nil where there was none. That
// nothing but secrets changed would not be seen.
func (e *event) tellAfter(before, after *job.Job) {
	if after.Work == nil { // its row cannot be read, and keeps what it holds
		return
	}
	now := after.Definition.Masked()
	e.detail = map[string]any{"payload": now.Work, "on_failure": now.OnFailure}
	if before == nil || before.Work == nil ||
		job.SameStored(before.Work, after.Work) && job.SameStored(before.OnFailure, after.OnFailure) {
		return
	}
	was := before.Definition.Masked()
	rotated := func(was, now, shownWas, shownNow any) bool {
		return !job.SameStored(was, now) && job.SameStored(shownWas, shownNow)
	}
	if rotated(before.Work, after.Work, was.Work, now.Work) ||
		rotated(before.OnFailure, after.OnFailure, was.OnFailure, now.OnFailure) {
		e.detail["secrets"] = "changed"
	}
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
		e.tell("run_id", runID.String())
	}
	b := &pgx.Batch{}
	if err := e.queue(b); err != nil {
		return err
	}
	return send(ctx, tx, b)
}

// tell tells something else with the rows after the change.
func (e *event) tell(name string, value any) {
	if e.detail == nil {
		e.detail = map[string]any{}
	}
	e.detail[name] = value
}

// queue queues the event behind the statements of the change.
func (e *event) queue(b *pgx.Batch) error {
	detail := []byte("{}")
	if e.detail != nil {
		var err error
		if detail, err = json.Marshal(e.detail); err != nil {
			return fmt.Errorf("write the event: %w", err)
		}
	}
	queueCounted(b, "record the event", 1, eventInsert, pgx.StrictNamedArgs{
		"job_id": e.jobID, "at": e.at, "actor": e.actor, "action": string(e.action), "reason": text(e.reason),
		"before": e.before, "detail": string(detail),
	})
	return nil
}

// eventBytes is how many bytes of rows make a page full, whatever its limit.
const eventBytes = 1 << 20

// Events returns what was done to a job, newest first, and whether there is more behind it. The events of a removed job
// stay.
func (s *Store) Events(ctx context.Context, f job.EventFilter) (page []job.Event, more bool, err error) {
	type row struct {
		damage
		ID            int64
		JobID         string
		At            time.Time
		Actor         string
		Action        string
		Reason        *string
		Before, After []byte
		More          bool
	}
	page = []job.Event{}
	args := pgx.StrictNamedArgs{"job_id": f.JobID, "before": f.Before, "limit": f.Limit, "bytes": eventBytes}
	err = read(ctx, s, eventRows, args, func(r row) {
		page = append(page, job.Event{ID: r.ID, JobID: r.JobID, At: r.At.UTC(), Actor: r.Actor,
			Action: job.Action(r.Action),
			Reason: r.explained(deref(r.Reason)), Before: json.RawMessage(r.Before), After: json.RawMessage(r.After)})
		more = r.More
	})
	return page, more, err
}
