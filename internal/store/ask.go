package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// How statements are run and rows are read. Columns are read by their names. Statements that go together are sent as
// one batch, in one round trip.

// asker is a pool, a connection or a transaction.
type asker interface {
	Query(ctx context.Context, statement string, args ...any) (pgx.Rows, error)
}

// readRows gives a statement's rows to do.
func readRows[T any](ctx context.Context, a asker, statement string, args pgx.StrictNamedArgs, do func(T)) error {
	list, err := list[T](ctx, a, statement, args)
	for _, r := range list {
		do(r)
	}
	return err
}

// list reads a statement's rows.
func list[T any](ctx context.Context, a asker, statement string, args pgx.StrictNamedArgs) ([]T, error) {
	return collect(ctx, a, statement, args, structByName[T]())
}

// values reads the rows of a statement that have one column.
func values[T any](ctx context.Context, a asker, statement string, args pgx.StrictNamedArgs) ([]T, error) {
	return collect(ctx, a, statement, args, pgx.RowTo[T])
}

func collect[T any](
	ctx context.Context, a asker, statement string, args pgx.StrictNamedArgs, to pgx.RowToFunc[T],
) ([]T, error) {
	rows, err := a.Query(ctx, statement, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, to)
}

// queueRows queues a statement whose rows do gets.
func queueRows[T any](b *pgx.Batch, statement string, args pgx.StrictNamedArgs, do func(T)) {
	b.Queue(statement, args).Query(func(rows pgx.Rows) error {
		list, err := pgx.CollectRows(rows, structByName[T]())
		for _, r := range list {
			do(r)
		}
		return err
	})
}

// queueCounted queues a statement that must change exactly so many rows; none is not queued at all.
func queueCounted(b *pgx.Batch, what string, rows int, statement string, args pgx.StrictNamedArgs) {
	if rows == 0 {
		return
	}
	b.Queue(statement, args).Exec(func(tag pgconn.CommandTag) error { return expect(tag, rows, what) })
}

// send runs a batch.
func send(ctx context.Context, to interface {
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}, b *pgx.Batch) error {
	return to.SendBatch(ctx, b).Close()
}
