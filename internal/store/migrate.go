package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/pgdue/pgdue/migrations"
)

// versionTable is goose's, inside our schema.
const versionTable = "pgdue.goose_db_version"

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero: pending
}

// Migrate brings the schema to the newest migration of this program. Several processes may do so at once: a session
// lock lets one at a time. A schema that is newer than this program and still works with it is left as it is. Through a
// transaction pooler it refuses to migrate, and is content with a schema that is up to date.
func (s *Store) Migrate(ctx context.Context, log *slog.Logger) error {
	if s.pooler == PoolerTransaction && s.CheckSchema(ctx) == nil {
		return nil
	}
	return s.MigrateFS(ctx, migrations.FS, log)
}

// MigrateFS is Migrate with the migrations given.
func (s *Store) MigrateFS(ctx context.Context, files fs.FS, log *slog.Logger) error {
	if err := s.refusePooler(ctx); err != nil {
		return err
	}
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	if err := s.makeSchema(ctx); err != nil {
		return err
	}
	return s.withGoose(files, func(p *goose.Provider) error {
		current, newest, err := p.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read the schema's version: %w", translate(err))
		}
		if current > newest {
			log.Info("schema is newer than this program and works with it", "schema", current, "program", newest)
			return nil
		}
		results, err := p.Up(ctx)
		for _, r := range results {
			log.Info("migration applied", "migration", r.Source.Path, "duration", r.Duration.Round(time.Millisecond))
		}
		if err != nil {
			return fmt.Errorf("migrate: %w", translate(err))
		}
		return nil
	})
}

// Migrations lists the migrations of this program and when each was applied.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	applied := map[int64]time.Time{}
	type row struct {
		VersionID int64
		Tstamp    time.Time
	}
	statement := "SELECT version_id, tstamp FROM " + versionTable + " WHERE is_applied"
	err := readRows(ctx, s.pool, statement, nil, func(r row) { applied[r.VersionID] = r.Tstamp })
	if err != nil && !missing(err) {
		return nil, fmt.Errorf("read the schema's versions: %w", translate(err))
	}
	var list []Migration
	err = s.withGoose(migrations.FS, func(p *goose.Provider) error {
		for _, src := range p.ListSources() {
			list = append(list, Migration{Version: src.Version, Name: src.Path, AppliedAt: applied[src.Version]})
		}
		return nil
	})
	return list, err
}

// CheckSchema says what is wrong with the schema for this program, or returns nil.
func (s *Store) CheckSchema(ctx context.Context) error {
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	migration, _, err := s.schemaState(ctx)
	switch {
	case err != nil:
		return err
	case migration == 0:
		return errors.New("the database has no schema pgdue yet: run `scheduler migrate up`, or `scheduler " +
			"serve --migrate`")
	case migration < newest:
		return fmt.Errorf("the schema pgdue is at migration %d and this program needs %d: run `scheduler migrate "+
			"up`, or `scheduler serve --migrate`",
			migration, newest)
	}
	return nil
}

// refuseNewer fails when the schema was migrated further than this program understands.
func (s *Store) refuseNewer(ctx context.Context) error {
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	migration, oldest, err := s.schemaState(ctx)
	if err == nil && oldest > newest {
		return fmt.Errorf("the schema pgdue is at migration %d, which works only with programs that know migration "+
			"%d; this one knows up to %d: upgrade this program",
			migration, oldest, newest)
	}
	return err
}

// schemaState reads the newest migration and the oldest binary for it; 0 when there is no schema.
func (s *Store) schemaState(ctx context.Context) (migration, oldest int64, err error) {
	err = call(ctx, checkTimeout, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, schemaState).Scan(&migration, &oldest)
	})
	if missing(err) {
		return 0, 0, nil
	}
	return migration, oldest, err
}

// makeSchema makes the schema, where goose keeps its version table. Who makes it at the same time does no harm.
func (s *Store) makeSchema(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `DO $$ BEGIN
		IF to_regnamespace('pgdue') IS NULL THEN CREATE SCHEMA pgdue; END IF;
	EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL; END $$`)
	if err != nil {
		return fmt.Errorf("make the schema pgdue: %w", translate(err))
	}
	return nil
}

func (s *Store) withGoose(files fs.FS, do func(*goose.Provider) error) (err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 30))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	var db *sql.DB = stdlib.OpenDB(*s.config)
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(versionTable), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return do(p)
}

// refusePooler fails when the connection goes through a transaction pooler: it would give the migrations' session lock
// to strangers.
func (s *Store) refusePooler(ctx context.Context) error {
	shared, err := s.behindTransactions(ctx)
	if err != nil || !shared {
		return err
	}
	return fmt.Errorf("%s:%d is a transaction pooler, which cannot keep the session lock that migrations need: run "+
		"`scheduler migrate up` with the PostgreSQL server's own address in --database-url; `scheduler serve` may use "+
		"the pooler afterwards",
		s.config.Host, s.config.Port)
}

// sharesBackends says whether a server process serves session a only from one statement to the next: it changes, as
// where a pooler goes round its processes, or serves a transaction of b in between. A pooler may take a's process back
// a little later than a has its answer, so where the session's own process id says that something stands in between,
// the question is asked again.
func sharesBackends(ctx context.Context, a, b *pgx.Conn) (bool, error) {
	first, err := backend(ctx, a)
	if err != nil {
		return false, err
	}
	rounds := 1
	if int(a.PgConn().PID()) != first {
		rounds = 10
	}
	for round := range rounds {
		if round > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		if shared, err := borrowed(ctx, a, b, first); err != nil || shared {
			return shared, err
		}
	}
	return false, nil
}

// borrowed says whether a's process, first, has changed, or serves a transaction of b. In that order, so that it never
// waits for the only process there is.
func borrowed(ctx context.Context, a, b *pgx.Conn, first int) (bool, error) {
	for range 2 { // once would meet a pooler of two that goes round always at the same one
		if again, err := backend(ctx, a); err != nil || again != first {
			return again != first, err
		}
	}
	if _, err := b.Exec(ctx, "BEGIN"); err != nil {
		return false, err
	}
	inTx, err := backend(ctx, b)
	if err != nil || inTx == first {
		return inTx == first, err
	}
	_, err = b.Exec(ctx, "ROLLBACK")
	return false, err
}

// backend returns the process that serves a connection right now.
func backend(ctx context.Context, c *pgx.Conn) (pid int, err error) {
	err = c.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}

// newestMigration is the number of the newest migration that this program knows.
func newestMigration() (int64, error) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("read migrations: none is embedded: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// MigrationSQL is a script that does by hand, in psql, what Migrate does to an empty database.
func MigrationSQL() (string, error) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	var b strings.Builder
	b.WriteString("BEGIN;\nCREATE SCHEMA IF NOT EXISTS pgdue;\nCREATE TABLE " + versionTable + ` (
    id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp NOT NULL DEFAULT now()
);
`)
	for _, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			return "", fmt.Errorf("read migrations: %w", err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		version, err := goose.NumericComponent(name)
		if err != nil {
			return "", fmt.Errorf("read migrations: %w", err)
		}
		fmt.Fprintf(&b, "\n-- %s\n", name)
		for line := range strings.Lines(up) {
			if !strings.HasPrefix(line, "-- +goose") {
				b.WriteString(line)
			}
		}
		fmt.Fprintf(&b, "INSERT INTO %s (version_id, is_applied) VALUES (%d, true);\n", versionTable, version)
	}
	b.WriteString("COMMIT;\n")
	return b.String(), nil
}
