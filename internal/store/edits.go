package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Each edit exists twice. X runs in a transaction of its own. XTx runs in one that the caller owns, at READ COMMITTED:
// nothing of it is known to anybody before the caller's commit, which also wakes the nodes. What an edit makes of a job
// is decided by the package policy, and comes back as its Change.

// Add stores a new job: policy.Add.
func (s *Store) Add(ctx context.Context, d job.Definition, by job.Author) (policy.Change, error) {
	return s.edit(ctx, addition(d, by))
}

// AddTx is Add in the caller's transaction.
func (s *Store) AddTx(ctx context.Context, tx pgx.Tx, d job.Definition, by job.Author) (policy.Change, error) {
	return editTx(ctx, tx, addition(d, by))
}

func addition(d job.Definition, by job.Author) edit {
	return edit{d.ID, by, func(f found) (policy.Change, error) { return policy.Add(f.look, d, f.now, f.revision) }}
}

// Put stores a job, or redefines the one that is there: policy.Put.
func (s *Store) Put(ctx context.Context, d job.Definition, by job.Author) (policy.Change, error) {
	return s.edit(ctx, putting(d, by))
}

// PutTx is Put in the caller's transaction.
func (s *Store) PutTx(ctx context.Context, tx pgx.Tx, d job.Definition, by job.Author) (policy.Change, error) {
	return editTx(ctx, tx, putting(d, by))
}

func putting(d job.Definition, by job.Author) edit {
	return edit{d.ID, by, func(f found) (policy.Change, error) { return policy.Put(f.look, d, f.now, f.revision) }}
}

// Modify redefines a job if it has the revision that the new definition was made from. ErrChanged: it has another;
// nothing was written.
func (s *Store) Modify(
	ctx context.Context, id string, from int64, d job.Definition, by job.Author,
) (policy.Change, error) {
	return s.edit(ctx, modification(id, from, d, by))
}

// ModifyTx is Modify in the caller's transaction.
func (s *Store) ModifyTx(
	ctx context.Context, tx pgx.Tx, id string, from int64, d job.Definition, by job.Author,
) (policy.Change, error) {
	return editTx(ctx, tx, modification(id, from, d, by))
}

func modification(id string, from int64, d job.Definition, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) {
		if l.Revision != from {
			return policy.Change{}, job.ErrChanged
		}
		return l.Redefine(d)
	})
}

// Remove removes a job: policy.Look.Remove.
func (s *Store) Remove(ctx context.Context, id string, by job.Author) (policy.Change, error) {
	return s.edit(ctx, removal(id, by))
}

// RemoveTx is Remove in the caller's transaction.
func (s *Store) RemoveTx(ctx context.Context, tx pgx.Tx, id string, by job.Author) (policy.Change, error) {
	return editTx(ctx, tx, removal(id, by))
}

func removal(id string, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.Remove(), nil })
}

// Pause pauses a job: a claim that locks it after this has committed begins nothing.
func (s *Store) Pause(ctx context.Context, id string, by job.Author) (policy.Change, error) {
	return s.edit(ctx, pausing(id, by))
}

// PauseTx is Pause in the caller's transaction.
func (s *Store) PauseTx(ctx context.Context, tx pgx.Tx, id string, by job.Author) (policy.Change, error) {
	return editTx(ctx, tx, pausing(id, by))
}

func pausing(id string, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.Pause(by) })
}

// Resume ends a job's pause: policy.Look.Resume.
func (s *Store) Resume(ctx context.Context, id string, runMissed bool, by job.Author) (policy.Change, error) {
	return s.edit(ctx, resumption(id, runMissed, by))
}

// ResumeTx is Resume in the caller's transaction.
func (s *Store) ResumeTx(
	ctx context.Context, tx pgx.Tx, id string, runMissed bool, by job.Author,
) (policy.Change, error) {
	return editTx(ctx, tx, resumption(id, runMissed, by))
}

func resumption(id string, runMissed bool, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.Resume(runMissed), nil })
}

// SkipNext skips a job's next fire ahead of its time: policy.Look.SkipNext. A claim waits for the job's lock and finds
// the fire decided, or it was faster and the one after it is skipped.
func (s *Store) SkipNext(ctx context.Context, id string, by job.Author) (policy.Change, error) {
	return s.edit(ctx, skipping(id, by))
}

// SkipNextTx is SkipNext in the caller's transaction.
func (s *Store) SkipNextTx(ctx context.Context, tx pgx.Tx, id string, by job.Author) (policy.Change, error) {
	return editTx(ctx, tx, skipping(id, by))
}

func skipping(id string, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.SkipNext(by) })
}

// MoveNext moves a job's next fire to the time at: policy.Look.MoveNext.
func (s *Store) MoveNext(ctx context.Context, id string, at time.Time, by job.Author) (policy.Change, error) {
	return s.edit(ctx, moving(id, at, by))
}

// MoveNextTx is MoveNext in the caller's transaction.
func (s *Store) MoveNextTx(
	ctx context.Context, tx pgx.Tx, id string, at time.Time, by job.Author,
) (policy.Change, error) {
	return editTx(ctx, tx, moving(id, at, by))
}

func moving(id string, at time.Time, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.MoveNext(at, by) })
}

// Reschedule gives a job another trigger, or lets an equal one begin afresh: policy.Look.Reschedule.
func (s *Store) Reschedule(ctx context.Context, id string, t *trigger.Trigger, by job.Author) (policy.Change, error) {
	return s.edit(ctx, rescheduling(id, t, by))
}

// RescheduleTx is Reschedule in the caller's transaction.
func (s *Store) RescheduleTx(
	ctx context.Context, tx pgx.Tx, id string, t *trigger.Trigger, by job.Author,
) (policy.Change, error) {
	return editTx(ctx, tx, rescheduling(id, t, by))
}

func rescheduling(id string, t *trigger.Trigger, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.Reschedule(t) })
}

// RunNow lets a run of a job wait, which begins as soon as an instance is free, and is given the payload. It is the one
// run in the Change's Wait.
func (s *Store) RunNow(ctx context.Context, id, payload string, by job.Author) (policy.Change, error) {
	return s.edit(ctx, runNow(id, payload, by))
}

// RunNowTx is RunNow in the caller's transaction.
func (s *Store) RunNowTx(ctx context.Context, tx pgx.Tx, id, payload string, by job.Author) (policy.Change, error) {
	return editTx(ctx, tx, runNow(id, payload, by))
}

func runNow(id, payload string, by job.Author) edit {
	return present(id, by, func(l policy.Look) (policy.Change, error) { return l.RunNow(payload) })
}

// edit is what somebody does to one job.
type edit struct {
	id     string
	by     job.Author
	decide func(found) (policy.Change, error)
}

// found is what an edit finds under the job's lock.
type found struct {
	look     *policy.Look // nil: there is no such job
	now      time.Time    // of the edit
	revision int64        // that the job has after it
}

// present is an edit of a job that must be there: ErrNotFound.
func present(id string, by job.Author, decide func(policy.Look) (policy.Change, error)) edit {
	return edit{id, by, func(f found) (policy.Change, error) {
		if f.look == nil {
			return policy.Change{}, job.ErrNotFound
		}
		return decide(*f.look)
	}}
}

// edit does e in a transaction of its own. ErrLocked: somebody holds the job's lock.
func (s *Store) edit(ctx context.Context, e edit) (c policy.Change, err error) {
	err = s.inEdit(ctx, e.id, func(ctx context.Context, tx pgx.Tx) (err error) {
		c, err = e.do(ctx, tx)
		return err
	})
	if err != nil {
		return policy.Change{}, err
	}
	return c, nil
}

// editTx does e in the caller's transaction.
func editTx(ctx context.Context, tx pgx.Tx, e edit) (policy.Change, error) {
	c, err := e.do(ctx, tx)
	if err != nil {
		return policy.Change{}, locked(translate(err))
	}
	return c, nil
}

// errRace says that somebody else inserted or removed the same id at the same time; the edit is tried again.
var errRace = errors.New("the job is added and removed all the time")

// editTries bounds how often an edit that lost a race is tried again. Each time somebody else has won.
const editTries = 100

// do locks the job, decides, and writes what was decided. Whoever lost a race, or finds half a job, has written nothing
// yet, and looks again.
func (e edit) do(ctx context.Context, tx pgx.Tx) (c policy.Change, err error) {
	for range editTries {
		c, err = e.try(ctx, tx)
		raced := errors.Is(err, errRace)
		if !raced && !errors.Is(err, job.ErrNotFound) {
			break
		}
		there, failed := recoverRow(ctx, tx, e.id)
		if failed != nil {
			return policy.Change{}, failed
		}
		if !there && !raced {
			break
		}
	}
	return c, err
}

func (e edit) try(ctx context.Context, tx pgx.Tx) (policy.Change, error) {
	look, err := lockJob(ctx, tx, e.id)
	if err != nil {
		return policy.Change{}, err
	}
	f := found{look: look}
	if err := tx.QueryRow(ctx, jobNow).Scan(&f.now, &f.revision); err != nil {
		return policy.Change{}, err
	}
	if f.now = f.now.UTC(); look != nil {
		look.Now = f.now
	}
	c, err := e.decide(f)
	if err != nil || c.Nothing() {
		return c, err
	}
	if c.After != nil && c.After != c.Before {
		c.After.Revision, c.After.UpdatedAt = f.revision, f.now
		if c.After.CreatedAt.IsZero() { // it could not be read, nor may the anchor
			c.After.CreatedAt = f.now
		}
		if c.After.Anchor.IsZero() {
			c.After.Anchor = f.now
		}
	}
	return c, writeChange(ctx, tx, e, f, &c)
}

// lockJob locks and reads a job; nil when there is none. A job whose row cannot be read as one is blocked, as the next
// look would have it, and comes without what cannot be read: it can be defined anew, and removed.
func lockJob(ctx context.Context, tx pgx.Tx, id string) (*policy.Look, error) {
	locked, err := list[scheduleRow](ctx, tx, jobLock, pgx.StrictNamedArgs{"job_id": id})
	if err != nil || len(locked) == 0 {
		return nil, err
	}
	looks, err := readLooks(ctx, tx, locked)
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", id, err)
	}
	if l := &looks[0]; l.Err != nil && l.State == job.StateActive {
		l.State, l.Error = job.StateBlocked, l.Err.Error()
	}
	return &looks[0], nil
}

// writeChange writes a change of a job under its lock, with the event that tells of it, and wakes the nodes when the
// job is due soon.
func writeChange(ctx context.Context, tx pgx.Tx, e edit, f found, c *policy.Change) error {
	tells := event{jobID: e.id, at: f.now, actor: e.by.Name(), action: c.Action, reason: e.by.Reason}
	if c.Before != nil {
		if err := tells.readBefore(ctx, tx); err != nil {
			return err
		}
	}
	if c.After != nil && c.After != c.Before {
		tells.tellAfter(c.Before, c.After)
	}
	b := &pgx.Batch{}
	switch {
	case c.After == nil:
		queueRemoval(b, c)
	case c.After == c.Before: // only to be looked at
		tells.tell("run_id", c.Wait[0].RunID.String())
		queueCounted(b, "make the job due", 1, jobDue, pgx.StrictNamedArgs{"job_id": e.id})
	case f.look == nil:
		if err := insertJob(ctx, tx, c.After); err != nil {
			return err
		}
		queueCounted(b, "write next run time", 1, jobScheduleInsert, scheduleArgs(c.After))
	default:
		args, err := jobArgs(c.After)
		if err != nil {
			return err
		}
		queueCounted(b, "write job", 1, jobUpdate, args)
		queueCounted(b, "write next run time", 1, jobScheduleUpdate, scheduleArgs(c.After))
	}
	queueCounted(b, "record dropped fire times", len(c.Dropped), historyInsert, historyColumns.args(c.Dropped))
	queueCounted(b, "let runs wait", len(c.Wait), waitingInsert, waitingColumns.args(c.Wait))
	queueCounted(b, "give up runs", len(c.GiveUp), claimGiveUp, giveUpColumns.args(c.GiveUp))
	if err := tells.queue(b); err != nil {
		return err
	}
	if c.After != nil && c.After != c.Before {
		b.Queue(jobNotify, pgx.StrictNamedArgs{"queue": c.After.Queue(), "due_at": orNull(c.After.DueAt)})
	}
	return send(ctx, tx, b)
}

// insertJob writes the row of a new job. errRace: somebody else has written one meanwhile.
func insertJob(ctx context.Context, tx pgx.Tx, j *job.Job) error {
	args, err := jobArgs(j)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, jobInsert, args)
	if err == nil && tag.RowsAffected() == 0 {
		return errRace
	}
	return err
}

// queueRemoval queues the removal of a job's rows. Runs that wait are recorded.
func queueRemoval(b *pgx.Batch, c *policy.Change) {
	id := pgx.StrictNamedArgs{"job_ids": []string{c.Before.ID}}
	b.Queue(waitingRemove, pgx.StrictNamedArgs{"job_id": c.Before.ID, "job_revision": c.Before.Revision})
	queueCounted(b, "remove next run time", 1, jobScheduleDelete, id)
	queueCounted(b, "remove job", 1, jobDelete, id)
}
