package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// jobRow is a row of jobs.
type jobRow struct {
	damage
	ID                  string
	Trigger             []byte
	Executor            string
	Payload             []byte
	MaxInstances        int
	Overlap             string
	CoalescePolicy      string
	MaxWaiting          int
	MisfireGraceTime    *time.Duration
	Timeout             *time.Duration
	KillGrace           *time.Duration
	OnContactLost       string
	MaxAttempts         int
	RetryMin            *time.Duration
	RetryMax            *time.Duration
	RetryFactor         *float64
	RetryOn             []string
	History             string
	OnFailure           []byte
	AlertIfNoSuccessFor *time.Duration
	Labels              []byte
	Anchor              time.Time
	CreatedAt           time.Time
	UpdatedAt           time.Time
	Revision            int64
	CreatedRevision     int64
	PausedAt            *time.Time
	PausedBy            *string
	PausedReason        *string
}

// scheduleRow is a row of next_run_times.
type scheduleRow struct {
	damage
	JobID       string
	Queue       string
	State       string
	NextRunTime *time.Time
	LastRunTime *time.Time
	DueAt       *time.Time
	Error       *string
	Moved       bool
	ZoneRules   *int64
}

// job reads the rows as a job. With an error, which names the column, the job has all that could be read.
func (r *jobRow) job(s *scheduleRow) (job.Job, error) {
	j := job.Job{
		Definition: job.Definition{
			ID: r.ID, MaxInstances: r.MaxInstances, Overlap: r.Overlap, Coalesce: r.CoalescePolicy,
			MaxWaiting: r.MaxWaiting, MisfireGraceTime: deref(r.MisfireGraceTime), Timeout: deref(r.Timeout),
			KillGrace: deref(r.KillGrace), OnContactLost: r.OnContactLost, MaxAttempts: r.MaxAttempts,
			Retry:   job.Retry{Min: r.RetryMin, Max: deref(r.RetryMax), Factor: deref(r.RetryFactor)},
			RetryOn: r.RetryOn, History: r.History, AlertIfNoSuccessFor: deref(r.AlertIfNoSuccessFor),
		},
		Anchor: r.Anchor.UTC(), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		Revision: r.Revision, CreatedRevision: r.CreatedRevision,
		State: job.State(s.State), NextRunTime: orZero(s.NextRunTime), LastRunTime: orZero(s.LastRunTime),
		DueAt: orZero(s.DueAt), Moved: s.Moved, ZoneRules: deref(s.ZoneRules), Error: deref(s.Error),
		PausedAt: orZero(r.PausedAt), PausedBy: deref(r.PausedBy), PausedReason: deref(r.PausedReason),
	}
	t, errTrigger := trigger.Parse(r.Trigger)
	if errTrigger == nil {
		j.Trigger = t.Anchored(j.Anchor)
	} else {
		errTrigger = fmt.Errorf("pgdue.jobs.trigger is not a trigger: %w", errTrigger)
	}
	if damaged := errors.Join(r.Damage, s.Damage); damaged != nil {
		j.Trigger = nil // it counts from one of these times
		return j, fmt.Errorf("its rows cannot be read in full: %w",
			errors.Join(damaged, r.readWork(&j.Work), r.readOnFailure(&j.OnFailure), r.readLabels(&j.Labels)))
	}
	if err := errors.Join(errTrigger, r.readWork(&j.Work), r.readOnFailure(&j.OnFailure),
		r.readLabels(&j.Labels)); err != nil {
		return j, err
	}
	if err := j.Validate(); err != nil { // written by hand, or by a newer version
		return j, fmt.Errorf("pgdue.jobs holds what this version does not support: %w", err)
	}
	return j, nil
}

func (r *jobRow) readLabels(labels *map[string]string) error {
	if err := json.Unmarshal(r.Labels, labels); err != nil {
		return fmt.Errorf("pgdue.jobs.labels are not names with texts: %w", err)
	}
	return nil
}

func (r *jobRow) readOnFailure(f **job.OnFailure) error {
	if r.OnFailure == nil {
		return nil
	}
	if err := json.Unmarshal(r.OnFailure, f); err != nil {
		return fmt.Errorf("pgdue.jobs.on_failure does not say what to do: %w", err)
	}
	return nil
}

func (r *jobRow) readWork(w *job.Work) error {
	kind := job.KindOf(r.Executor)
	if kind == nil {
		return fmt.Errorf("pgdue.jobs.payload cannot be read: this version has no executor %q", r.Executor)
	}
	work := kind.New()
	err := json.Unmarshal(r.Payload, work)
	if err == nil && string(r.Payload) == "null" {
		err = errors.New("it is null")
	}
	if err != nil {
		return fmt.Errorf("pgdue.jobs.payload cannot be read as %s: %w", kind.Name, err)
	}
	*w = work
	return nil
}

// jobArgs are the columns of a job for job_insert and job_update.
func jobArgs(j *job.Job) (pgx.StrictNamedArgs, error) {
	t, err := json.Marshal(j.Trigger)
	if err != nil {
		return nil, fmt.Errorf("write trigger: %w", err)
	}
	payload, err := json.Marshal(j.Work)
	if err != nil {
		return nil, fmt.Errorf("write payload: %w", err)
	}
	var onFailure []byte // null
	if j.OnFailure != nil {
		if onFailure, err = json.Marshal(j.OnFailure); err != nil {
			return nil, fmt.Errorf("write on_failure: %w", err)
		}
	}
	labels := j.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	var factor *float64
	if j.Retry.Factor != 0 {
		factor = &j.Retry.Factor
	}
	return pgx.StrictNamedArgs{
		"id": j.ID, "trigger": t, "executor": j.Executor(), "payload": payload, "max_instances": j.MaxInstances,
		"overlap": j.Overlap, "coalesce_policy": j.Coalesce, "max_waiting": j.MaxWaiting,
		"misfire_grace_time": positive(j.MisfireGraceTime), "timeout": positive(j.Timeout),
		"kill_grace": positive(j.KillGrace), "on_contact_lost": j.OnContactLost, "max_attempts": j.MaxAttempts,
		"retry_min": j.Retry.Min, "retry_max": positive(j.Retry.Max), "retry_factor": factor,
		"retry_on": j.RetryOn,
		"history":  j.History, "on_failure": onFailure, "alert_if_no_success_for": positive(j.AlertIfNoSuccessFor),
		"labels": labels,
		"anchor": j.Anchor, "created_at": j.CreatedAt, "updated_at": j.UpdatedAt,
		"revision": j.Revision, "created_revision": j.CreatedRevision,
		"paused_at": orNull(j.PausedAt), "paused_by": text(j.PausedBy), "paused_reason": text(j.PausedReason),
	}, nil
}

// number is nil for 0.
func number(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// positive is nil for 0.
func positive(d time.Duration) *time.Duration {
	if d == 0 {
		return nil
	}
	return &d
}

// scheduleArgs are the columns of a job for job_schedule_insert and job_schedule_update.
func scheduleArgs(j *job.Job) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"job_id": j.ID, "queue": j.Queue(), "state": string(j.State), "next_run_time": orNull(j.NextRunTime),
		"last_run_time": orNull(j.LastRunTime), "due_at": orNull(j.DueAt), "error": text(j.Error),
		"moved": j.Moved, "zone_rules": number(j.ZoneRules),
	}
}

// instanceRow is a running instance with its node's name.
type instanceRow struct {
	damage
	JobID            string
	RunID            uuid.UUID
	ScheduledRunTime time.Time
	Cause            string
	Attempt          int
	JobRevision      int64
	State            string
	NotBefore        *time.Time
	NodeID           *uuid.UUID
	Node             *string
	StartedAt        time.Time
	Deadline         *time.Time
	Trouble          *string
	Payload          *string
	cancelRow
	standsForRow
}

// cancelRow is who asked to cancel a run.
type cancelRow struct {
	CancelRequestedAt *time.Time
	CancelRequestedBy *string
	CancelReason      *string
}

func (r *cancelRow) request() job.CancelRequest {
	if r.CancelRequestedAt == nil {
		return job.CancelRequest{}
	}
	by := deref(r.CancelRequestedBy)
	if by == "" { // by hand
		by = job.Somebody
	}
	return job.CancelRequest{At: r.CancelRequestedAt.UTC(), By: by, Reason: deref(r.CancelReason)}
}

// standsForRow is what a run is told about the fire times that it stands for.
type standsForRow struct {
	FireCount    int64
	FirstRunTime time.Time
	LastRunTime  time.Time
}

func (r *standsForRow) standsFor() job.StandsFor {
	return job.StandsFor{FireCount: r.FireCount, FirstRunTime: r.FirstRunTime.UTC(), LastRunTime: r.LastRunTime.UTC()}
}

// unreadable is what an instance's job is blocked with, nil for a row that can be read.
func (r *instanceRow) unreadable() error {
	if r.Damage == nil {
		return nil
	}
	return fmt.Errorf("the row of run %s in pgdue.running_instances cannot be read in full: %w", r.RunID, r.Damage)
}

func (r *instanceRow) instance() job.Instance {
	return job.Instance{
		Run: job.Run{
			JobID: r.JobID, RunID: r.RunID, Cause: job.Cause(r.Cause), ScheduledRunTime: r.ScheduledRunTime.UTC(),
			Attempt: r.Attempt, JobRevision: r.JobRevision,
		},
		StandsFor: r.standsFor(), Payload: deref(r.Payload),
		State: r.State, NotBefore: orZero(r.NotBefore),
		NodeID: deref(r.NodeID), Node: deref(r.Node), StartedAt: r.StartedAt.UTC(), Deadline: orZero(r.Deadline),
		Trouble: deref(r.Trouble),
		Cancel:  r.request(),
	}
}

// waitingRow is a row of waiting_runs, and how many wait beside it.
type waitingRow struct {
	damage
	JobID            string
	RunID            uuid.UUID
	ScheduledRunTime time.Time
	Cause            string
	CreatedAt        time.Time
	Front            bool
	Payload          *string
	Waiting          int
	standsForRow
}

// unreadable is what a waiting run's job is blocked with, nil for a row that can be read.
func (r *waitingRow) unreadable() error {
	if r.Damage == nil {
		return nil
	}
	return fmt.Errorf("the row of run %s in pgdue.waiting_runs cannot be read in full: %w", r.RunID, r.Damage)
}

func (r *waitingRow) run() job.WaitingRun {
	return job.WaitingRun{
		Run: job.Run{
			JobID: r.JobID, RunID: r.RunID, Cause: job.Cause(r.Cause), ScheduledRunTime: r.ScheduledRunTime.UTC(),
			Attempt: 1,
		},
		StandsFor: r.standsFor(), CreatedAt: r.CreatedAt.UTC(), Front: r.Front, Payload: deref(r.Payload),
	}
}

// runRow is a row of a job's runs: of run_history, or a running instance.
type runRow struct {
	damage
	JobID            string
	RunID            uuid.UUID
	State            string
	Attempt          int
	Final            bool
	Cause            string
	ScheduledRunTime time.Time
	Outcome          *string
	Reason           *string
	Sentence         *string
	StartedAt        *time.Time
	EndedAt          *time.Time
	Duration         *time.Duration
	NodeID           *uuid.UUID
	Node             *string
	Error            *string
	Output           *string
	Status           *int
	FireCount        int64
	FirstRunTime     time.Time
	LastRunTime      time.Time
	JobRevision      int64
	NotBefore        *time.Time
	cancelRow
}

func (r *runRow) view() job.RunView {
	return job.RunView{State: r.State, NotBefore: orZero(r.NotBefore), Cancel: r.request(), Record: job.Record{
		Run: job.Run{
			JobID: r.JobID, RunID: r.RunID, Cause: job.Cause(r.Cause), ScheduledRunTime: r.ScheduledRunTime.UTC(),
			Attempt: r.Attempt, JobRevision: r.JobRevision,
		},
		Final: r.Final, Outcome: job.Outcome(deref(r.Outcome)), Reason: job.Reason(deref(r.Reason)),
		Sentence: deref(r.Sentence), StartedAt: orZero(r.StartedAt), EndedAt: orZero(r.EndedAt),
		Took: deref(r.Duration), NodeID: deref(r.NodeID), Node: deref(r.Node), Error: r.explained(deref(r.Error)),
		Output: deref(r.Output), Status: r.Status,
		FireCount: r.FireCount, FirstRunTime: r.FirstRunTime.UTC(), LastRunTime: r.LastRunTime.UTC(),
	}}
}
