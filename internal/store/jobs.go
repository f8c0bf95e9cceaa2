package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/scheduler"
)

// errRace says that somebody else inserted or removed the same id at the same time; the transaction is tried again.
var errRace = errors.New("the id has a row in pgdue.jobs and none in pgdue.next_run_times, or is edited all the time; delete the row")

// editTries bounds how often a transaction that lost a race is tried again. Each time somebody else has won.
const editTries = 100

// Add stores a new job. ErrExists: the id is taken by a job that is not finished.
func (s *Store) Add(ctx context.Context, d scheduler.Definition) (scheduler.Overview, error) {
	err := s.edit(ctx, d.ID, func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, revision int64) error {
		if present != nil && present.State != scheduler.StateFinished {
			return scheduler.ErrExists
		}
		return s.create(ctx, tx, d, present, now, revision)
	})
	if err != nil {
		return scheduler.Overview{}, err
	}
	return s.Job(ctx, d.ID)
}

// Put stores a job, or changes it as scheduler.Job.Redefine says.
func (s *Store) Put(ctx context.Context, d scheduler.Definition) (o scheduler.Overview, created bool, err error) {
	err = s.edit(ctx, d.ID, func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, revision int64) error {
		if created = present == nil; created {
			return s.create(ctx, tx, d, nil, now, revision)
		}
		return redefine(ctx, tx, *present, d, now, revision, "")
	})
	if err != nil {
		return o, false, err
	}
	o, err = s.Job(ctx, d.ID)
	return o, created, err
}

// redefine changes a locked job as scheduler.Job.Redefine says.
func redefine(ctx context.Context, tx pgx.Tx, present scheduler.Job, d scheduler.Definition, now time.Time, revision int64, reason string) error {
	changed, dropped, err := present.Redefine(d, now, revision)
	if err != nil || changed.Revision == present.Revision {
		return err
	}
	action := scheduler.ActionChanged
	if !changed.Anchor.Equal(present.Anchor) {
		action = scheduler.ActionRescheduled
	}
	e, err := happens(ctx, tx, present.ID, now, action, reason)
	if err != nil {
		return err
	}
	return write(ctx, tx, &changed, true, dropped, e)
}

// create writes a new job, in the place of a finished one where there is one.
func (s *Store) create(ctx context.Context, tx pgx.Tx, d scheduler.Definition, finished *scheduler.Job, now time.Time, revision int64) error {
	var lastRunTime time.Time
	if finished != nil {
		lastRunTime = finished.LastRunTime
	}
	j, err := scheduler.NewJob(d, now, revision, lastRunTime)
	if err != nil {
		return err
	}
	if finished != nil {
		j.DueAt = now // a look finds what the earlier job left waiting, or between attempts, and sets the due time
	}
	return write(ctx, tx, &j, finished != nil, nil, added(ctx, j.ID, now))
}

// Remove removes a job for a reason; its running instances go on and are recorded. Fire times that were due get their record.
func (s *Store) Remove(ctx context.Context, id, reason string) error {
	return s.edit(ctx, id, func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, _ int64) error {
		if present == nil {
			return scheduler.ErrNotFound
		}
		dropped := present.Dropped(scheduler.ReasonRemoved, now, "due when the job was removed, and not begun")
		retrying, err := retryingRuns(ctx, tx, id)
		if err != nil {
			return err
		}
		e, err := happens(ctx, tx, id, now, scheduler.ActionRemoved, reason)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		queueCounted(b, "record dropped fire times", len(dropped), historyInsert, historyArgs(dropped))
		queueCounted(b, "give up runs", len(retrying), claimGiveUp, giveUpArgs(retrying))
		b.Queue(waitingRemove, pgx.StrictNamedArgs{"job_id": id, "job_revision": present.Revision})
		queueCounted(b, "remove next run time", 1, jobScheduleDelete, pgx.StrictNamedArgs{"job_ids": []string{id}})
		queueCounted(b, "remove job", 1, jobDelete, pgx.StrictNamedArgs{"job_ids": []string{id}})
		e.queue(b)
		return tx.SendBatch(ctx, b).Close()
	})
}

// retryingRuns lists the runs of a locked job that are between two attempts.
func retryingRuns(ctx context.Context, tx pgx.Tx, id string) (runs []scheduler.GivenUp, err error) {
	rows, err := tx.Query(ctx, retryRemove, pgx.StrictNamedArgs{"job_id": id})
	if err != nil {
		return nil, err
	}
	type row struct{ RunID uuid.UUID }
	err = each(rows, func(r row) {
		runs = append(runs, scheduler.GivenUp{
			Run: scheduler.Run{JobID: id, RunID: r.RunID}, Sentence: "was between two attempts when the job was removed",
		})
	})
	return runs, err
}

// Pause pauses a job: a claim that locks it after this has committed begins nothing.
func (s *Store) Pause(ctx context.Context, id, reason string) (scheduler.Overview, error) {
	return s.change(ctx, id, scheduler.ActionPaused, reason, func(j scheduler.Job, now time.Time) (scheduler.Job, []scheduler.Record, []scheduler.WaitingRun, error) {
		j, err := j.Pause(now, scheduler.ActorOf(ctx), reason)
		return j, nil, nil, err
	})
}

// Resume ends a job's pause, as scheduler.Job.Resume says.
func (s *Store) Resume(ctx context.Context, id string, runMissed bool, reason string) (scheduler.Overview, error) {
	return s.change(ctx, id, scheduler.ActionResumed, reason, func(j scheduler.Job, now time.Time) (scheduler.Job, []scheduler.Record, []scheduler.WaitingRun, error) {
		j, missed, run := j.Resume(now, runMissed)
		return j, missed, run, nil
	})
}

// change moves a job to another state or next run time under its lock, with what that records and lets wait. A job that
// keeps both, and its anchor, is not written.
func (s *Store) change(ctx context.Context, id string, action scheduler.Action, reason string,
	do func(scheduler.Job, time.Time) (scheduler.Job, []scheduler.Record, []scheduler.WaitingRun, error)) (scheduler.Overview, error) {
	err := s.edit(ctx, id, func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, revision int64) error {
		if present == nil {
			return scheduler.ErrNotFound
		}
		j, records, waits, err := do(*present, now)
		if err != nil || j.State == present.State && j.NextRunTime.Equal(present.NextRunTime) && j.Anchor.Equal(present.Anchor) {
			return err
		}
		e, err := happens(ctx, tx, id, now, action, reason)
		if err != nil {
			return err
		}
		j.Revision, j.UpdatedAt = revision, now
		if err := write(ctx, tx, &j, true, records, e); err != nil || len(waits) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, waitingInsert, waitingArgs(waits))
		return err
	})
	if err != nil {
		return scheduler.Overview{}, err
	}
	return s.Job(ctx, id)
}

// RunNow lets a run of a job wait, which begins it as soon as an instance is free, and is given the payload. The schedule is
// not touched.
func (s *Store) RunNow(ctx context.Context, id, payload string) (scheduler.Run, error) {
	var run scheduler.Run
	err := s.edit(ctx, id, func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, _ int64) error {
		if present == nil {
			return scheduler.ErrNotFound
		}
		if present.State == scheduler.StateBlocked {
			return fmt.Errorf("%w: %s", scheduler.ErrBlocked, present.Error)
		}
		if err := present.PausedError(); err != nil {
			return err
		}
		w := present.ManualRun(now)
		w.Payload, run = payload, w.Run
		e, err := happens(ctx, tx, id, now, scheduler.ActionRunAsked, "")
		if err != nil {
			return err
		}
		e.detail = map[string]string{"run_id": run.RunID.String()}
		b := &pgx.Batch{}
		queueCounted(b, "let the run wait", 1, waitingInsert, waitingArgs([]scheduler.WaitingRun{w}))
		queueCounted(b, "make the job due", 1, jobDue, pgx.StrictNamedArgs{"job_id": id})
		e.queue(b)
		return tx.SendBatch(ctx, b).Close()
	})
	return run, err
}

// edit locks a job, or finds that there is none (nil), and calls do with the time and revision of the change.
// ErrLocked: somebody holds the lock.
func (s *Store) edit(ctx context.Context, id string, do func(ctx context.Context, tx pgx.Tx, present *scheduler.Job, now time.Time, revision int64) error) error {
	for try := 1; ; try++ {
		err := s.inEdit(ctx, func(ctx context.Context, tx pgx.Tx) error {
			present, err := lockJob(ctx, tx, id)
			if err != nil {
				return err
			}
			var now time.Time
			var revision int64
			if err := tx.QueryRow(ctx, jobNow).Scan(&now, &revision); err != nil {
				return err
			}
			return do(ctx, tx, present, now.UTC(), revision)
		})
		if !errors.Is(err, errRace) || try == editTries {
			return err
		}
	}
}

// lockJob locks and reads a job; nil when there is none. A job whose row cannot be read as one comes without the trigger.
func lockJob(ctx context.Context, tx pgx.Tx, id string) (*scheduler.Job, error) {
	rows, err := tx.Query(ctx, jobLock, pgx.StrictNamedArgs{"job_id": id})
	if err != nil {
		return nil, err
	}
	locked, err := pgx.CollectRows(rows, pgx.RowToStructByName[scheduleRow])
	if err != nil || len(locked) == 0 {
		return nil, err
	}
	looks, err := readLooks(ctx, tx, locked)
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", id, err)
	}
	return &looks[0].Job, nil
}

// write writes a job under its lock, with the records of fire times it drops and the event that tells of it, and wakes the
// nodes when it is due soon.
func write(ctx context.Context, tx pgx.Tx, j *scheduler.Job, exists bool, dropped []scheduler.Record, e event) error {
	args, err := jobArgs(j)
	if err != nil {
		return err
	}
	if !exists {
		tag, err := tx.Exec(ctx, jobInsert, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errRace
		}
	}
	b := &pgx.Batch{}
	if exists {
		queueCounted(b, "write job", 1, jobUpdate, args)
		queueCounted(b, "write next run time", 1, jobScheduleUpdate, scheduleArgs(j))
	} else {
		queueCounted(b, "write next run time", 1, jobScheduleInsert, scheduleArgs(j))
	}
	queueCounted(b, "record dropped fire times", len(dropped), historyInsert, historyArgs(dropped))
	e.queue(b)
	b.Queue(jobNotify, pgx.StrictNamedArgs{"queue": j.Queue(), "due_at": orNull(j.DueAt)})
	return tx.SendBatch(ctx, b).Close()
}

// Job returns one job with what stands around it. ErrNotFound.
func (s *Store) Job(ctx context.Context, id string) (scheduler.Overview, error) {
	list, err := s.overviews(ctx, "", &id, 1)
	if err != nil {
		return scheduler.Overview{}, err
	}
	if len(list) == 0 {
		return scheduler.Overview{}, scheduler.ErrNotFound
	}
	return list[0], nil
}

// Jobs returns up to limit jobs by id, after the id given.
func (s *Store) Jobs(ctx context.Context, after string, limit int) ([]scheduler.Overview, error) {
	return s.overviews(ctx, after, nil, limit)
}

func (s *Store) overviews(ctx context.Context, after string, id *string, limit int) ([]scheduler.Overview, error) {
	type row struct {
		jobRow
		State       string
		Queue       string
		NextRunTime *time.Time
		LastRunTime *time.Time
		DueAt       *time.Time
		Error       *string
		Running     int
		Waiting     int
		LastOutcome *string
		LastReason  *string
		LastEndedAt *time.Time
		Problem     *string
		PausedWith  *string
	}
	list := []scheduler.Overview{}
	args := pgx.StrictNamedArgs{"after": after, "job_id": id, "limit": limit}
	err := read(ctx, s, overview, args, func(r row) {
		s := scheduleRow{r.ID, r.Queue, r.State, r.NextRunTime, r.LastRunTime, r.DueAt, r.Error}
		job, err := r.job(&s)
		problem := deref(r.Problem)
		if err != nil && problem == "" {
			problem = err.Error()
		}
		list = append(list, scheduler.Overview{
			Job: job, Running: r.Running, Waiting: r.Waiting, LastOutcome: deref(r.LastOutcome), LastReason: deref(r.LastReason),
			LastEndedAt: orZero(r.LastEndedAt), Problem: problem, PausedWith: deref(r.PausedWith),
		})
	})
	return list, err
}

// Runs returns a job's runs, newest first.
func (s *Store) Runs(ctx context.Context, f scheduler.RunFilter) ([]scheduler.RunView, error) {
	return s.views(ctx, runsRows, pgx.StrictNamedArgs{"job_id": f.JobID, "before": orNull(f.Before), "limit": f.Limit})
}

// Run returns all rows of one run, attempts ascending. ErrNotFound.
func (s *Store) Run(ctx context.Context, jobID string, runID uuid.UUID) ([]scheduler.RunView, error) {
	views, err := s.views(ctx, runRows, pgx.StrictNamedArgs{"job_id": jobID, "run_id": runID})
	if err == nil && len(views) == 0 {
		err = scheduler.ErrNotFound
	}
	return views, err
}

func (s *Store) views(ctx context.Context, statement string, args pgx.StrictNamedArgs) ([]scheduler.RunView, error) {
	list := []scheduler.RunView{}
	err := read(ctx, s, statement, args, func(r runRow) { list = append(list, r.view()) })
	return list, err
}

// read is a call of one query, whose rows are given to do.
func read[T any](ctx context.Context, s *Store, query string, args pgx.StrictNamedArgs, do func(T)) error {
	return call(ctx, s.limit, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, query, args)
		if err != nil {
			return err
		}
		return each(rows, do)
	})
}
