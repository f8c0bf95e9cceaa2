package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sessions says how the sessions of a Store begin, and ends those that are of no more use.
type sessions struct {
	config *pgx.ConnConfig // of the sessions beside the pools
	// before is what is done before each connect; nil: nothing.
	before func(context.Context, *pgx.ConnConfig) error
	pools  []*pgxpool.Pool // that are ours
}

// connect makes a session beside the pools.
func (s *sessions) connect(ctx context.Context) (*pgx.Conn, error) {
	config := s.config.Copy()
	if s.before != nil {
		if err := s.before(ctx, config); err != nil {
			return nil, err
		}
	}
	return pgx.ConnectConfig(ctx, config)
}

// reset ends all sessions of our pools: the idle ones now, the others when they are given back.
func (s *sessions) reset() {
	for _, p := range s.pools {
		p.Reset()
	}
}

// anyServer says whether a configuration names several servers and does not say which of them it wants.
func anyServer(config *pgx.ConnConfig) bool {
	several := func(f *pgconn.FallbackConfig) bool { return f.Host != config.Host || f.Port != config.Port }
	return config.ValidateConnect == nil && slices.ContainsFunc(config.Fallbacks, several)
}

// onError ends the session of a server that takes no writes any more, and all others of the pools: after a failover
// they lead to the old primary for as long as they live, and the next ones to the new one.
func (s *sessions) onError(next pgconn.PgErrorHandler) pgconn.PgErrorHandler {
	return func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code == readOnlyTransaction {
			s.reset()
			return false
		}
		return next(conn, err)
	}
}

// credentials reads user and password anew before each connect: passwords that are handed out for a time are written
// into a file again and again, that of the URL or PGPASSFILE.
func credentials(url func() (string, error)) func(context.Context, *pgx.ConnConfig) error {
	return func(_ context.Context, config *pgx.ConnConfig) error {
		text, err := url()
		if err != nil {
			return err
		}
		now, err := pgx.ParseConfig(text)
		if err != nil {
			return fmt.Errorf("read the database URL again: %w", err)
		}
		config.User, config.Password = now.User, now.Password
		return nil
	}
}
