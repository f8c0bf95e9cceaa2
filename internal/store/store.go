package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/job"
)

const (
	// commitTimeout bounds the wait for the answer to a COMMIT; then its connection is closed and its outcome unknown.
	commitTimeout = 10 * time.Second
	// callTimeout bounds everything else that is asked of the database. A connection that gives no answer, as behind a
	// black hole, is then closed by pgx, and the caller goes on with another one.
	callTimeout = 10 * time.Second
	// editTimeout bounds an edit, which may wait for a connection and then for its job's lock.
	editTimeout = 20 * time.Second
	// lockLimit is how long an edit waits for a lock.
	lockLimit = 5 * time.Second
	// checkTimeout bounds a look at the schema, for which a probe waits.
	checkTimeout = 3 * time.Second
	// maintainTimeout bounds each step of the housekeeping.
	maintainTimeout = time.Minute
	// pingTimeout bounds the ping with which the pool tries a connection that has idled: several that are dead must not
	// use up a call's time.
	pingTimeout = 2 * time.Second
	// connectTimeout bounds the making of a connection where the URL does not say.
	connectTimeout = 10 * time.Second
	// idleLimit is how long a transaction may idle, as that of a frozen process does: well below the time after which
	// its node is judged dead, so that its locks are gone by then.
	idleLimit = 8 * time.Second
	// loopLockLimit is how long the loops wait for a job's lock before they put aside what needs it.
	loopLockLimit = 500 * time.Millisecond
)

// beginStatement does not say "read write": that would write into a database that is set to read-only, and a standby
// would refuse it in words of another kind than all other writes.
func beginStatement(idle time.Duration) string {
	return fmt.Sprintf("begin isolation level read committed; set local idle_in_transaction_session_timeout = %d",
		idle.Milliseconds())
}

// Store is pgdue's state in one database. Its methods may be called concurrently.
type Store struct {
	loops     *pgxpool.Pool   // for what a node's loops ask
	owned     bool            // the pools are ours to close
	pool      *pgxpool.Pool   // for all else: edits may wait for locks, and must not keep the loops from a connection
	config    *pgx.ConnConfig // for connections beside the pools
	sessions  *sessions       // makes them
	pooler    Pooler          // found out: not PoolerAuto
	listenAt  *pgx.ConnConfig // nil: nowhere
	elsewhere bool            // listenAt is of a URL of its own
	begin     string          // how transactions begin
	limit     time.Duration   // of a call
	editLimit time.Duration   // of an edit
	lockLimit time.Duration   // of an edit's wait for a lock

	turns    *turns    // of edits
	renewals *renewals // on a connection of their own
}

// Open makes a Store for the database at url, a connection string or URL as in the PostgreSQL manual, section 34.1.1,
// with pgx's additions (pool_max_conns). It fails if the database does not answer. There are two pools, each of up to
// pool_max_conns connections, one for the loops of a node and one for all else, and two connections beside them.
// Poolers are recognised, and no default_query_exec_mode is needed for them: simple_protocol and exec are refused.
func Open(ctx context.Context, url string, access Access) (*Store, error) {
	return OpenFrom(ctx, func() (string, error) { return url, nil }, access)
}

// OpenFrom is Open with a URL that is read again before each connect, for its user and password.
func OpenFrom(ctx context.Context, url func() (string, error), access Access) (*Store, error) {
	text, err := url()
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, unreadableURL("the database URL", err)
	}
	config.BeforeConnect = credentials(url)
	return OpenConfig(ctx, config, access)
}

func unreadableURL(what string, err error) error {
	return fmt.Errorf("read %s: %w; it looks like postgres://user:password@host:5432/database", what, err)
}

// OpenConfig is Open with a parsed configuration.
func OpenConfig(ctx context.Context, config *pgxpool.Config, access Access) (s *Store, err error) {
	if err := refuseModes(config.ConnConfig); err != nil {
		return nil, err
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = pingTimeout
	}
	setDefaults(config.ConnConfig)
	if access.Pooler == PoolerTransaction {
		describe(config.ConnConfig)
	}
	handedOn := false
	open := func() error {
		if s, err = openPools(ctx, config.Copy()); err != nil {
			return err
		}
		if handedOn, err = s.handedOn(ctx); err != nil {
			s.Close()
			return unreachable(config.ConnConfig, err)
		}
		return nil
	}
	if err := open(); err != nil {
		return nil, err
	}
	if handedOn && access.finds() { // whatever does that may also change the session behind
		s.Close()
		describe(config.ConnConfig)
		if err := open(); err != nil {
			return nil, err
		}
	}
	if err := s.settle(ctx, access, handedOn); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// setDefaults completes what a URL says of connections.
func setDefaults(config *pgx.ConnConfig) {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = sessionName(job.ProcessName())
	}
	// Else a database of another encoding would send texts, and take them, in that.
	config.RuntimeParams["client_encoding"] = "UTF8"
	if anyServer(config) { // the others are standbys, or an old primary
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
}

// openPools makes a Store with pools of its own, which ask nothing yet.
func openPools(ctx context.Context, config *pgxpool.Config) (*Store, error) {
	sessions, gate := &sessions{before: config.BeforeConnect}, &gate{}
	config.ConnConfig.OnPgError = sessions.onError(config.ConnConfig.OnPgError)
	config.BeforeConnect = gate.before(config.BeforeConnect)
	loops, err := pgxpool.NewWithConfig(ctx, config.Copy())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		loops.Close()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s := &Store{loops: loops, pool: pool, owned: true}
	sessions.config, sessions.pools = config.ConnConfig.Copy(), []*pgxpool.Pool{loops, pool}
	s.setUp(sessions, gate)
	return s, nil
}

// sessionName is what the sessions of a process are called in pg_stat_activity, so that each is known to be of its
// node. PostgreSQL keeps 63 bytes; of a host's name the end tells more, as of pods that have one template.
func sessionName(process string) string {
	const ours, most = job.Itself + " ", 63
	return ours + process[max(0, len(ours)+len(process)-most):]
}

// New makes a Store on a pool that the caller owns and closes. It asks the database nothing yet. The loops of a node,
// edits and reads share the pool, of which edits, which may wait for locks, take half; a node has two connections
// beside it. Poolers are not looked for.
func New(pool *pgxpool.Pool) *Store {
	s := &Store{loops: pool, pool: pool}
	config := pool.Config()
	s.setUp(&sessions{config: config.ConnConfig, before: config.BeforeConnect}, &gate{})
	return s
}

func (s *Store) setUp(sessions *sessions, gate *gate) {
	s.sessions, s.config, s.begin = sessions, sessions.config, beginStatement(idleLimit)
	s.pooler, s.listenAt = PoolerNone, s.config
	s.turns = newTurns(s.pool.Config().MaxConns)
	s.renewals = &renewals{sessions: sessions, gate: gate}
	s.limit, s.editLimit, s.lockLimit = callTimeout, editTimeout, lockLimit
}

// unreachable says where no database answered and what to check, without the password.
func unreachable(c *pgx.ConnConfig, err error) error {
	return fmt.Errorf("the database %q at %s:%d as user %q does not answer: %w; check --database-url, and that the "+
		"server runs and lets this machine in",
		c.Database, c.Host, c.Port, c.User, err)
}

// Close closes all connections but those of a caller's pool.
func (s *Store) Close() {
	s.renewals.close()
	if s.owned {
		s.loops.Close()
		s.pool.Close()
	}
}

// inTx runs do in a transaction of a loop, under a context with the deadline of a call, and commits. An error that is
// not ErrCommitUnknown means that nothing was written.
func (s *Store) inTx(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	return transact(ctx, s.loops, s.begin, s.limit, do)
}

// inTxWithLocks is inTx for what waits for job locks in a loop, which it does for a moment only: ErrLocked.
func (s *Store) inTxWithLocks(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	return locked(transact(ctx, s.loops, withLockTimeout(s.begin, loopLockLimit), s.limit, do))
}

// inEdit is inTx for an edit of something, which waits for its turn and then for a lock, each so long and no longer:
// ErrLocked.
func (s *Store) inEdit(ctx context.Context, what string, do func(context.Context, pgx.Tx) error) error {
	done, err := s.turns.take(ctx, what, s.lockLimit)
	if err != nil {
		return err
	}
	defer done()
	return locked(transact(ctx, s.pool, withLockTimeout(s.begin, s.lockLimit), s.editLimit, do))
}

func withLockTimeout(begin string, limit time.Duration) string {
	return fmt.Sprintf("%s; set local lock_timeout = %d", begin, limit.Milliseconds())
}

// locked tells a lock that was waited for in vain.
func locked(err error) error {
	if isCode(err, lockNotAvailable) {
		return fmt.Errorf("%w: %w", job.ErrLocked, err)
	}
	return err
}

func transact(
	ctx context.Context, pool *pgxpool.Pool, begin string, limit time.Duration, do func(context.Context, pgx.Tx) error,
) error {
	var tx pgx.Tx
	err := call(ctx, limit, func(ctx context.Context) (err error) {
		if tx, err = pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin}); err != nil {
			return err
		}
		done := false
		defer func() { // also where do panics
			if !done {
				rollback(ctx, tx)
			}
		}()
		err = do(ctx, tx)
		done = err == nil
		return err
	})
	if err != nil {
		return err
	}
	return commit(ctx, tx)
}

// call asks something of the database under a deadline, and translates the error. Whatever a loop or a request asks
// goes through it, so that none waits for ever for a connection that has died silently.
func call(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := translate(ask(bounded))
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("the database did not answer within %s: %w", limit, err)
	}
	return err
}

// commit sends COMMIT alone, under no context that a caller could cancel.
func commit(ctx context.Context, tx pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := tx.Commit(ctx)
	switch {
	case err == nil:
		// Durable from here.
		return nil
	case commitFailed(err):
		return translate(err)
	}
	return fmt.Errorf("%w: %w", job.ErrCommitUnknown, err)
}

// commitFailed says whether an error of COMMIT means that it did not happen: the server said ERROR and lives on. One
// that ends the session (FATAL, class 57), or that a pooler speaks of (class 08), may have committed before. So may one
// of pgx that calls itself safe to retry: when the reply is lost it says "conn closed", as if nothing had been sent.
func commitFailed(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.SeverityUnlocalized == "ERROR" && !isClass(err, sessionEnds, connectionTrouble)
	}
	return errors.Is(err, pgx.ErrTxCommitRollback)
}

func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	_ = tx.Rollback(ctx) // if it fails the connection is closed, which rolls back
}

// translate turns what PostgreSQL and pgx say into the scheduler's errors, and adds the remedy where there is one.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return job.ErrNotFound
	case isCode(err, readOnlyTransaction):
		return fmt.Errorf("%w: %w", job.ErrReadOnly, err)
	case missing(err):
		return fmt.Errorf("%w; the schema is missing or too old: "+
			"run `scheduler migrate up`, or `scheduler serve --migrate`", err)
	case isCode(err, nothingPrepared, preparedTwice):
		return fmt.Errorf("%w; a transaction pooler has come between this node and its database: start the node "+
			"again, without --pooler none", err)
	case isCode(err, insufficientPrivilege):
		return fmt.Errorf("%w; grant this user the rights on schema pgdue, or use its owner", err)
	case rowsFault(err):
		return fmt.Errorf("%w: %w", job.ErrRejected, err)
	}
	return err
}

// expect fails with ErrRejected when a statement changed another number of rows than it had to, as where a trigger of
// the database drops one of them.
func expect(tag pgconn.CommandTag, rows int, what string) error {
	if int(tag.RowsAffected()) != rows {
		return fmt.Errorf("%w: %s: %d rows changed instead of %d", job.ErrRejected, what, tag.RowsAffected(), rows)
	}
	return nil
}

// orNull is nil for a zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orZero is the zero time for nil, else UTC.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// text is nil for "".
func text[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	t := string(s)
	return &t
}

// deref is the zero value for nil.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
