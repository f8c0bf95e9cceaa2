package devpg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// readyPatience covers the recovery after a crash.
const readyPatience = 2 * time.Minute

var (
	errNotReady = fmt.Errorf("no answer within %v", readyPatience)
	errEnded    = errors.New("it ended at once")
)

// ready polls until the server lets us in, which it does only for the cluster's own password.
func (s *server) ready(ctx context.Context, password string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyPatience, errNotReady)
	defer cancel()
	for tick := time.Tick(20 * time.Millisecond); ; {
		conn, err := s.connect(ctx, password)
		if err == nil {
			return conn.Close(ctx)
		}
		if final(err) {
			return err
		}
		select {
		case <-tick:
		case <-s.done:
			return fmt.Errorf("%w (%v)", errEnded, s.exit)
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// final reports whether trying again is useless: pgx cannot make sense of a PG* variable, or the server that answers
// does not take the password.
func final(err error) bool {
	var config *pgconn.ParseConfigError
	var refusal *pgconn.PgError
	return errors.As(err, &config) || errors.As(err, &refusal) && refusal.Code == "28P01"
}

// connect opens a connection for our own use. Whoever answers on the port must speak SCRAM, which never shows him the
// password. pgx fills gaps in the address from PG* variables, which are meant for somebody else.
func (s *server) connect(ctx context.Context, password string) (*pgx.Conn, error) {
	url := databaseURL(s.port, password, "postgres")
	config, err := pgx.ParseConfig(url + "&require_auth=scram-sha-256&channel_binding=disable&target_session_attrs=any")
	if err != nil {
		return nil, err
	}
	config.RuntimeParams = map[string]string{"application_name": "pgdue devpg"}
	return pgx.ConnectConfig(ctx, config)
}
