package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// Gauges reads what the metrics show of the database. The caller bounds it by ctx.
func (s *Store) Gauges(ctx context.Context) (g job.Gauges, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, gauges)
		if err != nil {
			return err
		}
		g, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[job.Gauges])
		return err
	})
	return g, err
}
