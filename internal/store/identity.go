package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// Identify compares the identity in settings with the database's, as scheduler.Store says.
func (s *Store) Identify(ctx context.Context, by string) (found job.Identified, err error) {
	present, err := s.identity(ctx)
	if err != nil {
		return found, err
	}
	made, err := s.madeFor(ctx)
	if err != nil || made == made.Or(present) && made.CopyOf(present) == "" { // as nearly always: nothing to write
		return found, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		made, err := lockSettings(ctx, tx)
		if err != nil {
			return err
		}
		if found = (job.Identified{CopyOf: made.CopyOf(present)}); found.CopyOf != "" {
			return pauseCopy(ctx, tx, &found, by)
		}
		made = made.Or(present)
		_, err = tx.Exec(ctx, identityWrite,
			pgx.StrictNamedArgs{"system": system(made), "database": text(made.Database)})
		return err
	})
	return found, err
}

// pauseCopy pauses everything in a copy, unless it is paused already.
func pauseCopy(ctx context.Context, tx pgx.Tx, found *job.Identified, by string) error {
	p, err := lockPauses(ctx, tx, job.Scope{})
	if err != nil {
		return err
	}
	if p != nil {
		found.Pause = *p
		return nil
	}
	found.Pause = job.Pause{PausedBy: by, Reason: job.CopyReason(found.CopyOf)}
	return pauseMany(ctx, tx, &found.Pause)
}

// identity is the database's own. Where the role may not ask for the cluster, that is not known.
func (s *Store) identity(ctx context.Context) (present job.Identity, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		if err := s.pool.QueryRow(ctx, identityName).Scan(&present.Database); err != nil {
			return err
		}
		err := s.pool.QueryRow(ctx, identitySystem).Scan(&present.System)
		if notForUs(err) {
			return nil
		}
		return err
	})
	return present, err
}

// madeFor reads which database the rows were made for, without a lock.
func (s *Store) madeFor(ctx context.Context) (made job.Identity, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		made, err = readIdentity(ctx, s.pool, identityRead)
		return err
	})
	return made, err
}

// lockSettings holds the one row of settings, the lock of all pauses, until the end of the transaction.
func lockSettings(ctx context.Context, tx pgx.Tx) (job.Identity, error) {
	return readIdentity(ctx, tx, pausesLock)
}

func readIdentity(ctx context.Context, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}, statement string) (made job.Identity, err error) {
	var cluster *int64
	var name *string
	err = q.QueryRow(ctx, statement).Scan(&cluster, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return made, errNoSettings
	}
	return job.Identity{System: deref(cluster), Database: deref(name)}, err
}

// system is nil for a cluster that is not known.
func system(i job.Identity) *int64 {
	if i.System == 0 {
		return nil
	}
	return &i.System
}
