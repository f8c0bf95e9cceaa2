package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/why"
)

// lockedTwice is the time between two looks at locks: a claim holds its jobs for a few milliseconds. Who is there both
// times with the same transaction holds what others need.
const lockedTwice = 100 * time.Millisecond

// beginLook begins a look at locks.
const beginLook = "begin isolation level read committed read only; set local lock_timeout = 500; set local " +
	"statement_timeout = 5000"

// holderRow is a session, or a prepared transaction, at a lock.
type holderRow struct {
	Table, Mode *string
	Waits       bool
	Transaction *string // virtual; null: nobody holds the row by its xmax
	Xmax        *string
	Behind      []int
	PID         int     `db:"pid"`
	GID         *string `db:"gid"`
	User        *string
	Program     *string
	Client      *string
	Since       *time.Time
	State       *string
	Query       *string
}

func (r *holderRow) holder() why.Holder {
	h := why.Holder{
		Table: deref(r.Table), Mode: deref(r.Mode), Waits: r.Waits, Behind: r.Behind, PID: r.PID, GID: deref(r.GID),
		User:    deref(r.User),
		Program: deref(r.Program), Client: deref(r.Client), Since: orZero(r.Since), State: deref(r.State),
		Query: deref(r.Query),
	}
	if h.Hidden = h.Query == "<insufficient privilege>"; h.Hidden { // as PostgreSQL says to who may not see it
		h.Query = ""
	}
	return h
}

// sighting is what one look at the locks saw.
type sighting struct {
	tables []holderRow
	row    []holderRow // the transaction of the number xmax
	xmax   string      // of the job's row; "0" where nobody has locked it since it was written, "" where there is none
	// taken says that the row is locked though nobody holds a lock on the number xmax.
	taken bool
}

// holders looks at the locks twice, and names who held one both times.
func (s *Store) holders(ctx context.Context, id string) ([]why.Holder, error) {
	first, err := s.lookAtLocks(ctx, id)
	if err != nil || len(first.tables) == 0 && len(first.row) == 0 && !first.taken {
		return nil, err
	}
	wait := time.NewTimer(lockedTwice)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
	}
	second, err := s.lookAtLocks(ctx, id)
	if err != nil {
		return nil, err
	}
	held := stayed(first.row, second.row)
	// Whoever locks the row alone writes a number of its own there. So the number that stood there before and after the
	// row was found taken is that of those who hold it.
	if first.taken && second.taken && first.xmax == second.xmax {
		if held, err = s.takers(ctx, first.xmax); err != nil {
			return nil, err
		}
	}
	return append(stayed(first.tables, second.tables), held...), nil
}

// takers are those who hold a row whose xmax nobody holds a lock on: several, or one by a subtransaction that was
// released, of which PostgreSQL tells no more than that it goes on.
func (s *Store) takers(ctx context.Context, xmax string) ([]why.Holder, error) {
	args := pgx.StrictNamedArgs{"xmax": xmax}
	released, err := s.goesOn(ctx, args)
	if err != nil {
		return nil, err
	}
	statement := whyRowSharers
	if released {
		statement = whyRowSuspects
	}
	rows, err := s.lookAt(ctx, statement, args)
	if err != nil && !isCode(err, internalError) { // it was no multixact after all
		return nil, err
	}
	held := stayed(rows, rows)
	for i := range held {
		held[i].OneOf = released && len(held) > 1
	}
	return held, nil
}

func (s *Store) goesOn(ctx context.Context, args pgx.StrictNamedArgs) (yes bool, err error) {
	err = s.pool.QueryRow(ctx, whyRowGoesOn, args).Scan(&yes)
	if rowsFault(err) {
		return false, nil
	}
	return yes, err
}

// stayed are those of the second look that the first one saw at the same lock, in the same transaction.
func stayed(first, second []holderRow) (list []why.Holder) {
	type place struct{ transaction, table, mode string }
	at := func(r *holderRow) place { return place{deref(r.Transaction), deref(r.Table), deref(r.Mode)} }
	seen := map[place]bool{}
	for i := range first {
		seen[at(&first[i])] = true
	}
	for i := range second {
		if seen[at(&second[i])] {
			list = append(list, second[i].holder())
		}
	}
	return list
}

// lookAtLocks looks at the locks that are held now. A table that is locked keeps its rows to itself.
func (s *Store) lookAtLocks(ctx context.Context, id string) (seen sighting, err error) {
	if seen.tables, err = s.lookAt(ctx, whyTableLocks, nil); err != nil {
		return seen, err
	}
	rows, err := s.lookAt(ctx, whyRowLock, pgx.StrictNamedArgs{"job_id": id})
	if isCode(err, lockNotAvailable) {
		return seen, nil
	}
	if err != nil || len(rows) == 0 {
		return seen, err
	}
	seen.xmax = deref(rows[0].Xmax)
	if rows[0].Transaction != nil {
		seen.row = rows
	} else if seen.xmax != "0" {
		seen.taken, err = s.rowTaken(ctx, id)
	}
	return seen, err
}

// rowTaken says whether somebody holds a job's row, by trying to lock it. It is asked only where the row's xmax does
// not tell, as a claim would pass over the job at this moment. Where this process may not lock, nobody is told of.
func (s *Store) rowTaken(ctx context.Context, id string) (taken bool, err error) {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: withLockTimeout(s.begin, whyLockLimit)})
	if err != nil {
		return false, err
	}
	defer rollback(ctx, tx)
	taken = true
	type row struct{ Free bool }
	err = readRows(ctx, tx, whyRowFree, pgx.StrictNamedArgs{"job_id": id}, func(row) { taken = false })
	if isCode(err, lockNotAvailable, readOnlyTransaction, insufficientPrivilege) {
		return false, nil
	}
	return taken && err == nil, err
}

// lookAt reads sessions at locks, as they are at this moment.
func (s *Store) lookAt(ctx context.Context, statement string, args pgx.StrictNamedArgs) (rows []holderRow, err error) {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginLook})
	if err != nil {
		return nil, err
	}
	defer rollback(ctx, tx)
	return list[holderRow](ctx, tx, statement, args)
}
