package store

import (
	"context"

	"github.com/pgdue/pgdue/internal/job"
)

// Gauges reads what the metrics show of the database. The caller bounds it by ctx.
func (s *Store) Gauges(ctx context.Context) (g job.Gauges, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return readRows(ctx, s.pool, gauges, nil, func(one job.Gauges) { g = one })
	})
	return g, err
}
