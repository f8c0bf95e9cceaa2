package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Pooler says what hands our connections on to the server.
type Pooler string

const (
	// PoolerAuto finds out when the Store is opened. The zero value means the same.
	PoolerAuto Pooler = "auto"
	// PoolerTransaction is one that gives each transaction another session of the server, as PgBouncer does with
	// pool_mode=transaction. Nothing may be left in a session then: no prepared statement, no LISTEN, no SET.
	PoolerTransaction Pooler = "transaction"
	// PoolerNone is none, or one that leaves a connection its session.
	PoolerNone Pooler = "none"
)

// Poolers are those that can be named.
var Poolers = []Pooler{PoolerAuto, PoolerTransaction, PoolerNone}

// Access is how a database is reached, beside its URL.
type Access struct {
	Pooler Pooler
	// NotifyURL leads to the same database, and not through a pooler. Notifications are listened for there; where it is
	// empty, at the database's own URL, and behind a transaction pooler nowhere.
	NotifyURL string
}

// finds says whether it is to be found out what hands connections on.
func (a Access) finds() bool { return a.Pooler == "" || a.Pooler == PoolerAuto }

// ErrNoNotifications says that a NotifyURL does not lead to the notifications of the database.
var ErrNoNotifications = errors.New("no notifications come from --notify-database-url")

// refuseModes refuses the ways of pgx in which our statements do not work: without the types of the parameters a map
// cannot be written as jsonb, nor an array of our own types.
func refuseModes(config *pgx.ConnConfig) error {
	switch mode := config.DefaultQueryExecMode; mode {
	case pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol:
		return fmt.Errorf("default_query_exec_mode=%s in the database URL does not work: the statements need the "+
			"types of their parameters; leave it out, poolers are recognised, or say cache_describe",
			map[pgx.QueryExecMode]string{pgx.QueryExecModeExec: "exec",
				pgx.QueryExecModeSimpleProtocol: "simple_protocol"}[mode])
	}
	return nil
}

// describe lets connections ask for the types of a statement once, and send the statement itself each time, unnamed and
// in one go with its execution: the way of pgx that leaves nothing in a session and writes all that we write.
func describe(config *pgx.ConnConfig) {
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	if config.DescriptionCacheCapacity == 0 {
		config.DescriptionCacheCapacity = 512 // as many as pgx keeps by default
	}
}

// handedOn pings the database, and says whether something between us and the server speaks for it: then the process
// that serves us is not the one that the session was told when it began. A pooler makes up the latter, so that a
// request to cancel finds it.
func (s *Store) handedOn(ctx context.Context) (bool, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	pid, err := backend(ctx, conn.Conn())
	return pid != int(conn.Conn().PgConn().PID()), err
}

// settle sets what hands connections on, and where notifications are listened for.
func (s *Store) settle(ctx context.Context, access Access, handedOn bool) (err error) {
	s.pooler = access.Pooler
	if access.finds() {
		shared := false
		if handedOn {
			if shared, err = s.behindTransactions(ctx); err != nil {
				return err
			}
		}
		if s.pooler = PoolerNone; shared {
			s.pooler = PoolerTransaction
		}
	}
	if s.pooler == PoolerTransaction {
		s.listenAt = nil
	}
	if access.NotifyURL != "" {
		if s.listenAt, err = pgx.ParseConfig(access.NotifyURL); err != nil {
			return unreadableURL("--notify-database-url", err)
		}
		setDefaults(s.listenAt)
		s.elsewhere = true
	}
	return nil
}

// behindTransactions says whether the database is reached through a transaction pooler.
func (s *Store) behindTransactions(ctx context.Context) (shared bool, err error) {
	err = call(ctx, s.limit, func(ctx context.Context) error {
		a, err := s.sessions.connect(ctx)
		if err != nil {
			return unreachable(s.config, err)
		}
		defer hangUp(ctx, a)
		b, err := s.sessions.connect(ctx)
		if err != nil {
			return unreachable(s.config, err)
		}
		defer hangUp(ctx, b)
		if shared, err = sharesBackends(ctx, a, b); err != nil {
			return fmt.Errorf("look for a transaction pooler: %w", err)
		}
		return nil
	})
	return shared, err
}

// hangUp closes a connection, also where the context has ended.
func hangUp(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	conn.Close(ctx)
}

// Pooler is what hands our connections on: PoolerTransaction or PoolerNone.
func (s *Store) Pooler() Pooler { return s.pooler }

// Listens says whether Listen has somewhere to listen.
func (s *Store) Listens() bool { return s.listenAt != nil }

// Listen calls what a notification is for, on a connection of its own. Where there is nowhere to listen it waits for
// the end of ctx.
func (s *Store) Listen(ctx context.Context, topics map[string]func()) error {
	if s.listenAt == nil {
		<-ctx.Done()
		return nil
	}
	conn, err := s.listen(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	for _, call := range topics {
		call() // something may have come before we listened
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if call := topics[n.Payload]; call != nil {
			call()
		}
	}
}

// listen makes a connection that listens. A pooler at Access.NotifyURL is refused before that: it would leave the
// LISTEN in a session of others.
func (s *Store) listen(ctx context.Context) (*pgx.Conn, error) {
	conn, err := s.connectToListen(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if s.elsewhere {
		err = refuseHandedOn(ctx, conn)
	}
	if err == nil {
		_, err = conn.Exec(ctx, "LISTEN pgdue")
	}
	if err != nil {
		hangUp(ctx, conn)
		return nil, translate(err)
	}
	return conn, nil
}

func refuseHandedOn(ctx context.Context, conn *pgx.Conn) error {
	pid, err := backend(ctx, conn)
	if err == nil && pid != int(conn.PgConn().PID()) {
		return fmt.Errorf("%w: %s:%d is a pooler; give the PostgreSQL server's own address", ErrNoNotifications,
			conn.Config().Host, conn.Config().Port)
	}
	return err
}

// CheckListen sends a notification by way of the database's URL and fails with ErrNoNotifications where it does not
// arrive at Access.NotifyURL. Where there is none it does nothing.
func (s *Store) CheckListen(ctx context.Context) error {
	if !s.elsewhere {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	conn, err := s.listen(bounded)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	proof := "proof " + uuid.NewString() // no queue is called so
	args := pgx.StrictNamedArgs{"queue": proof, "due_at": time.Time{}}
	if _, err := s.pool.Exec(bounded, jobNotify, args); err != nil {
		return translate(err)
	}
	for {
		switch n, err := conn.WaitForNotification(bounded); {
		case err == nil && n.Payload == proof:
			return nil
		case err != nil && bounded.Err() != nil && ctx.Err() == nil:
			return fmt.Errorf("%w: database %q at %s:%d is another one than that of --database-url; give the same, by "+
				"the PostgreSQL server's own address", ErrNoNotifications, s.listenAt.Database, s.listenAt.Host,
				s.listenAt.Port)
		case err != nil:
			return translate(err)
		}
	}
}

// connectToListen makes the connection that listens.
func (s *Store) connectToListen(ctx context.Context) (*pgx.Conn, error) {
	if s.elsewhere {
		return pgx.ConnectConfig(ctx, s.listenAt)
	}
	return s.sessions.connect(ctx)
}
