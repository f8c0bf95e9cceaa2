package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// ClaimAlerts takes alerts whose call is due.
func (s *Store) ClaimAlerts(ctx context.Context, limit int, lease time.Duration) (taken []job.Alert, err error) {
	taken = []job.Alert{}
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		args := pgx.StrictNamedArgs{"limit": limit, "lease": lease}
		return readRows(ctx, tx, alertClaim, args, func(r alertRow) { taken = append(taken, r.alert()) })
	})
	if err != nil {
		return nil, fmt.Errorf("take alerts whose call is due: %w", err)
	}
	// Durable from here: if we die now, the calls are due again after the lease.
	return taken, nil
}

// SettleAlert records how the attempt of a call ended.
func (s *Store) SettleAlert(ctx context.Context, a job.Alert, again time.Duration) error {
	return s.exec(ctx, s.limit, alertSettle, pgx.StrictNamedArgs{
		"id": a.ID, "attempts": a.Attempts, "state": a.State, "last_error": text(a.LastError), "again": again,
	})
}

// Alerts returns the alerts of a job id, newest first.
func (s *Store) Alerts(ctx context.Context, f job.AlertFilter) ([]job.Alert, error) {
	var before *int64
	if f.Before != 0 {
		before = &f.Before
	}
	list := []job.Alert{}
	args := pgx.StrictNamedArgs{"job_id": f.JobID, "before": before, "limit": f.Limit}
	err := read(ctx, s, alertsRows, args, func(r alertRow) { list = append(list, r.alert()) })
	return list, err
}

// alertRow is a row of alerts.
type alertRow struct {
	damage
	ID              uuid.UUID
	Number          int64
	JobID           string
	CreatedRevision int64
	Kind            string
	At              time.Time
	Sentence        string
	Failures        int
	Since           time.Time
	RunEndedAt      time.Time
	Paused          bool
	HTTP            []byte
	State           string
	Attempts        int
	NextAttemptAt   *time.Time
	LastError       *string
	EndedAt         *time.Time
}

// alert is the alert of a row. A request that cannot be read is one without a URL, whose calls fail.
func (r *alertRow) alert() job.Alert {
	a := job.Alert{
		ID: r.ID, Number: r.Number, JobID: r.JobID, CreatedRevision: r.CreatedRevision, Kind: job.AlertKind(r.Kind),
		At: r.At.UTC(), Sentence: r.explained(r.Sentence), Failures: r.Failures, Since: r.Since.UTC(),
		RunEndedAt: r.RunEndedAt.UTC(),
		Paused:     r.Paused, State: r.State, Attempts: r.Attempts, NextAttemptAt: orZero(r.NextAttemptAt),
		LastError: deref(r.LastError), EndedAt: orZero(r.EndedAt),
	}
	if r.HTTP != nil {
		a.HTTP = &job.HTTP{}
		if json.Unmarshal(r.HTTP, a.HTTP) != nil {
			a.HTTP = &job.HTTP{}
		}
	}
	return a
}

// insertAlert records an alert of a locked job.
func insertAlert(ctx context.Context, tx pgx.Tx, a *job.Alert) error {
	var request []byte // null
	if a.HTTP != nil {
		var err error
		if request, err = json.Marshal(a.HTTP); err != nil {
			return fmt.Errorf("write the request of an alert: %w", err)
		}
	}
	tag, err := tx.Exec(ctx, alertInsert, pgx.StrictNamedArgs{
		"id": a.ID, "job_id": a.JobID, "created_revision": a.CreatedRevision, "kind": string(a.Kind), "at": a.At,
		"sentence": a.Sentence,
		"failures": a.Failures, "since": a.Since, "run_ended_at": a.RunEndedAt, "paused": a.Paused, "http": request,
		"state": a.State,
	})
	if err != nil {
		return err
	}
	return expect(tag, 1, "record an alert")
}
