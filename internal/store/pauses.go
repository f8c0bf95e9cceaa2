package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// dueBatch is how many jobs of a label one transaction makes due, and so holds locked.
const dueBatch = 500

// errNoSettings says that the one row of settings, which is the lock of all pauses, was deleted by hand.
var errNoSettings = errors.New("pgdue.settings has no row; INSERT INTO pgdue.settings DEFAULT VALUES makes it")

// pauseRow is a pause of a label or of everything.
type pauseRow struct {
	damage
	LabelName  *string
	LabelValue *string
	PausedAt   time.Time
	PausedBy   *string
	Reason     *string
	ResumedAt  *time.Time
	ResumedBy  *string
	RunMissed  bool
}

func (r *pauseRow) pause() job.Pause {
	return job.Pause{
		Scope:    job.Scope{LabelName: deref(r.LabelName), LabelValue: deref(r.LabelValue)},
		PausedAt: r.PausedAt.UTC(), PausedBy: deref(r.PausedBy), Reason: r.explained(deref(r.Reason)),
		ResumedAt: orZero(r.ResumedAt), ResumedBy: deref(r.ResumedBy), RunMissed: r.RunMissed,
	}
}

// everythingPaused says whether the pauses that were read for a claim's jobs, which all have it, are of everything.
func everythingPaused(looks []policy.Look) bool {
	for _, p := range looks[0].Pauses {
		if p.Everything() && p.Lasts() {
			return true
		}
	}
	return false
}

// earliest is the first of the jobs' next run times, nil for none.
func earliest(due []scheduleRow) (first *time.Time) {
	for i := range due {
		if at := due[i].NextRunTime; at != nil && (first == nil || at.Before(*first)) {
			first = at
		}
	}
	return first
}

// What is edited that is not one job: no id has a space.
const (
	allPauses = "all pauses"
	manyJobs  = "many jobs"
)

// PauseMany pauses a label or everything. No run of what is covered is said to have begun after this has returned; a
// claim that read before the commit may still write the runs that it began before.
func (s *Store) PauseMany(ctx context.Context, scope job.Scope, by job.Author) (p job.Paused, err error) {
	err = s.inEdit(ctx, allPauses, func(ctx context.Context, tx pgx.Tx) (err error) {
		p, err = pauseScope(ctx, tx, scope, by)
		return err
	})
	return p, err
}

// PauseManyTx is PauseMany in the caller's transaction. There is no ResumeManyTx: the jobs that a pause held are made
// due after the commit that ends it, in transactions of their own.
func (s *Store) PauseManyTx(ctx context.Context, tx pgx.Tx, scope job.Scope, by job.Author) (job.Paused, error) {
	p, err := pauseScope(ctx, tx, scope, by)
	return p, locked(translate(err))
}

func pauseScope(ctx context.Context, tx pgx.Tx, scope job.Scope, by job.Author) (p job.Paused, err error) {
	present, err := lockPauses(ctx, tx, scope)
	if err != nil {
		return p, err
	}
	p.Pause = job.Pause{Scope: scope, PausedBy: by.Name(), Reason: by.Reason}
	if !scope.Everything() {
		if p.Jobs, err = countLabel(ctx, tx, scope); err != nil {
			return p, err
		}
	}
	switch {
	case present != nil:
		p.Pause, p.Already = *present, true
		return p, nil
	case !scope.Everything() && p.Jobs == 0:
		return p, job.ErrNotFound
	}
	return p, pauseMany(ctx, tx, &p.Pause)
}

// pauseMany writes a pause and tells the nodes, which log it. The caller holds the lock and has found it not paused.
func pauseMany(ctx context.Context, tx pgx.Tx, p *job.Pause) error {
	statement, args := pauseEverything, pgx.StrictNamedArgs{"by": p.PausedBy, "reason": p.Reason}
	if !p.Everything() {
		statement, args["label_name"], args["label_value"] = pauseLabel, p.LabelName, p.LabelValue
	}
	if err := tx.QueryRow(ctx, statement, args).Scan(&p.PausedAt); err != nil {
		return fmt.Errorf("pause %s: %w", p.Scope, err)
	}
	p.PausedAt = p.PausedAt.UTC()
	_, err := tx.Exec(ctx, pausesNotify)
	return err
}

// ResumeMany ends the pause of a label or of everything. Jobs of a label that the pause held are then made due, so that
// a look records what they missed and goes on; where that fails, DueError says so, and they are looked at when their
// turn comes. What was due while everything was paused is due all the same.
func (s *Store) ResumeMany(
	ctx context.Context, scope job.Scope, runMissed bool, by job.Author,
) (r job.Resumed, err error) {
	present, err := s.identity(ctx)
	if err != nil {
		return r, err
	}
	err = s.inEdit(ctx, allPauses, func(ctx context.Context, tx pgx.Tx) error {
		p, err := lockPauses(ctx, tx, scope)
		if err != nil {
			return err
		}
		if r = (job.Resumed{Pause: job.Pause{Scope: scope}}); p == nil {
			return nil
		}
		r.Was, r.Pause = true, *p
		r.Pause.ResumedBy, r.Pause.RunMissed = by.Name(), runMissed
		return resumeMany(ctx, tx, &r.Pause, present)
	})
	if err != nil || !r.Was || scope.Everything() {
		return r, err
	}
	// Durable from here: if we die now, the held jobs are looked at when their turn comes, some minutes from now at
	// most.
	r.MadeDue, r.DueError = s.makeLabelDue(ctx, scope)
	return r, nil
}

// resumeMany ends a pause. The caller holds the lock and has found it on.
func resumeMany(ctx context.Context, tx pgx.Tx, p *job.Pause, present job.Identity) error {
	statement, args := resumeEverything, pgx.StrictNamedArgs{"by": p.ResumedBy, "run_missed": p.RunMissed}
	if p.Everything() {
		args["system"], args["database"] = system(present), text(present.Database)
	} else {
		statement, args["label_name"], args["label_value"] = resumeLabel, p.LabelName, p.LabelValue
	}
	if err := tx.QueryRow(ctx, statement, args).Scan(&p.ResumedAt); err != nil {
		return fmt.Errorf("resume %s: %w", p.Scope, err)
	}
	p.ResumedAt = p.ResumedAt.UTC()
	if !p.Everything() {
		return nil // the nodes are told once its jobs are due
	}
	_, err := tx.Exec(ctx, pausesNotify)
	return err
}

// makeLabelDue makes the jobs of a label due that its pause held, and tells the nodes once. A batch of which a job
// stays locked is left out.
func (s *Store) makeLabelDue(ctx context.Context, scope job.Scope) (made int, err error) {
	args := pgx.StrictNamedArgs{"label_name": scope.LabelName, "label_value": scope.LabelValue, "after": "",
		"limit": dueBatch}
	for {
		var batch []string
		type row struct{ ID string }
		if err := read(ctx, s, labelJobs, args, func(r row) { batch = append(batch, r.ID) }); err != nil {
			return made, err
		}
		if len(batch) == 0 {
			break
		}
		n, failed := s.makeJobsDue(ctx, batch)
		made, err = made+n, errors.Join(err, failed)
		args["after"] = batch[len(batch)-1]
	}
	notified := call(ctx, s.limit, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, pausesNotify)
		return err
	})
	return made, errors.Join(err, notified)
}

func (s *Store) makeJobsDue(ctx context.Context, jobIDs []string) (made int, err error) {
	args := pgx.StrictNamedArgs{"job_ids": jobIDs}
	err = s.inEdit(ctx, manyJobs, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, labelLock, args); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, labelDue, args)
		made = int(tag.RowsAffected())
		return err
	})
	return made, err
}

// lockPauses locks all pauses and returns the one of a scope that lasts, nil for none.
func lockPauses(ctx context.Context, tx pgx.Tx, scope job.Scope) (*job.Pause, error) {
	if _, err := lockSettings(ctx, tx); err != nil {
		return nil, err
	}
	var found *job.Pause
	err := readRows(ctx, tx, pausesLasting, nil, func(r pauseRow) {
		if p := r.pause(); p.Scope == scope {
			found = &p
		}
	})
	return found, err
}

func countLabel(ctx context.Context, tx pgx.Tx, scope job.Scope) (n int, err error) {
	err = tx.QueryRow(ctx, labelCount,
		pgx.StrictNamedArgs{"label_name": scope.LabelName, "label_value": scope.LabelValue}).Scan(&n)
	return n, err
}

// Pauses lists what is paused: everything, labels, and up to limit jobs by id.
func (s *Store) Pauses(ctx context.Context, limit int) ([]job.Pause, error) {
	list := []job.Pause{}
	if err := read(ctx, s, pausesLasting, nil, func(r pauseRow) { list = append(list, r.pause()) }); err != nil {
		return nil, err
	}
	type row struct {
		damage
		JobID    string
		PausedAt *time.Time
		PausedBy *string
		Reason   *string
	}
	err := read(ctx, s, pausesJobs, pgx.StrictNamedArgs{"limit": limit}, func(r row) {
		list = append(list, job.Pause{
			Scope: job.Scope{JobID: r.JobID}, PausedAt: orZero(r.PausedAt), PausedBy: deref(r.PausedBy),
			Reason: r.explained(deref(r.Reason)),
		})
	})
	return list, err
}

// Lasting lists what is paused by label or as a whole, for a node's log.
func (s *Store) Lasting(ctx context.Context) (list []job.Pause, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return readRows(ctx, s.loops, pausesLasting, nil, func(r pauseRow) { list = append(list, r.pause()) })
	})
	return list, err
}
