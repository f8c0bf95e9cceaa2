package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/migrations"
)

var quiet = slog.New(slog.DiscardHandler)

// Several processes may migrate an empty database at once, also one in which goose has its table already; and again
// later, which changes nothing.
func TestConcurrentMigrate(t *testing.T) {
	t.Parallel()
	down := storetest.URL(t)
	migrateDown(t, down)
	for name, url := range map[string]string{"empty": storetest.EmptyURL(t), "down": down} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			migrateAtOnce(t, url, 8)
			s := storetest.OpenURL(t, url)
			before := schemaOf(t, url)
			if err := errors.Join(s.Migrate(t.Context(), quiet), s.CheckSchema(t.Context())); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, schemaOf(t, url)); diff != "" {
				t.Errorf("migrating again changed the schema (-before +after):\n%s", diff)
			}
			list, err := s.Migrations(t.Context())
			if err != nil || len(list) == 0 {
				t.Fatal("migrations: ", list, err)
			}
			for _, m := range list {
				if m.AppliedAt.IsZero() {
					t.Errorf("%s is said to be pending", m.Name)
				}
			}
		})
	}
}

func migrateAtOnce(t *testing.T, url string, processes int) {
	t.Helper()
	start := make(chan struct{})
	var all sync.WaitGroup
	for range processes {
		s := storetest.OpenURL(t, url)
		all.Go(func() {
			<-start
			if err := s.Migrate(t.Context(), quiet); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
}

// migrateDown takes all migrations back.
func migrateDown(t *testing.T, url string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithTableName("pgdue.goose_db_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 0); err != nil {
		t.Fatal("down: ", err)
	}
}

// The script for DBAs makes what Migrate makes; this program works with it, and Migrate finds nothing to do.
func TestMigrationSQLMakesTheSameSchema(t *testing.T) {
	t.Parallel()
	script, err := store.MigrationSQL()
	if err != nil {
		t.Fatal(err)
	}
	byHand := storetest.EmptyURL(t)
	storetest.Exec(t, storetest.Conn(t, byHand), script)
	if diff := cmp.Diff(schemaOf(t, storetest.URL(t)), schemaOf(t, byHand)); diff != "" {
		t.Errorf("schemas differ (-migrate +script):\n%s", diff)
	}
	s := storetest.OpenURL(t, byHand)
	if err := errors.Join(s.CheckSchema(t.Context()), s.Migrate(t.Context(), quiet),
		s.CheckSchema(t.Context())); err != nil {
		t.Error(err)
	}
}

// Down leaves nothing of ours behind but goose's table, and Up makes it all again.
func TestMigrateDownAndUp(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	before := schemaOf(t, url)
	migrateDown(t, url)
	for _, left := range schemaOf(t, url) {
		if !strings.Contains(left, "goose_db_version") && !strings.HasPrefix(left, "schema") {
			t.Errorf("left after Down: %s", left)
		}
	}
	s := storetest.OpenURL(t, url)
	if err := s.CheckSchema(t.Context()); err == nil || !strings.Contains(err.Error(), "scheduler migrate up") {
		t.Errorf("check after Down: %v", err)
	}
	if err := s.Migrate(t.Context(), quiet); err != nil {
		t.Fatal("up: ", err)
	}
	if diff := cmp.Diff(before, schemaOf(t, url)); diff != "" {
		t.Errorf("schema after Down and Up (-before +after):\n%s", diff)
	}
}

// A schema that a newer program has migrated is used as long as that program said it may be, and refused otherwise.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		oldest int
		want   string // in the error, "" for none
	}{
		{1, ""},
		{99, "the schema pgdue is at migration 99, which works only with programs that know migration 99; this one " +
			"knows up to 2: upgrade this program"},
	} {
		t.Run(fmt.Sprintf("oldest binary %d", c.oldest), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			storetest.Exec(t, conn, "INSERT INTO pgdue.schema_compatibility VALUES (99, $1)", c.oldest)
			storetest.Exec(t, conn, "INSERT INTO pgdue.goose_db_version (version_id, is_applied) VALUES (99, true)")
			s := storetest.OpenURL(t, url)
			for name, err := range map[string]error{"check": s.CheckSchema(t.Context()),
				"migrate": s.Migrate(t.Context(), quiet)} {
				if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
					t.Errorf("%s: %v, want %q", name, err, c.want)
				}
			}
		})
	}
}

// An older schema, and none, say which command helps.
func TestMissingSchema(t *testing.T) {
	t.Parallel()
	s := storetest.OpenURL(t, storetest.EmptyURL(t))
	if err := s.CheckSchema(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "no schema pgdue yet: run `scheduler migrate up`") {
		t.Errorf("check: %v", err)
	}
	if _, err := s.Add(t.Context(), storetest.Job(t, "j", `{"type":"date"}`), job.Author{}); err == nil ||
		!strings.Contains(err.Error(), "scheduler migrate up") {
		t.Errorf("add: %v", err)
	}
}

// A database that is set to read-only is respected by every write, and each says so in the same words.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	conn := storetest.Conn(t, url)
	writable := storetest.OpenURL(t, url)
	node := registered(t, writable, "n")
	d := storetest.Job(t, "j", `{"type":"date"}`)
	add(t, writable, d)
	storetest.Exec(t, conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', "+
		"current_database()); END $$")
	s := storetest.OpenURL(t, url)
	ctx := t.Context()
	for name, write := range map[string]func() error{
		"register": func() error { return s.Register(ctx, node) },
		"beat":     func() error { _, err := s.Beat(ctx, node.ID); return err },
		"add": func() error {
			_, err := s.Add(ctx, storetest.Job(t, "k", `{"type":"date"}`), job.Author{})
			return err
		},
		"put":      func() error { d.MaxInstances = 2; _, err := s.Put(ctx, d, job.Author{}); return err },
		"remove":   func() error { _, err := s.Remove(ctx, "j", job.Author{}); return err },
		"claim":    func() error { _, err := s.Claim(ctx, one(node), plan); return err },
		"block":    func() error { return s.Block(ctx, "j", "why") },
		"mark":     func() error { _, err := s.MarkDead(ctx, peer(node)); return err },
		"complete": func() error { _, err := s.Complete(ctx, []job.Record{{Outcome: job.Lost}}); return err },
		"migrate":  func() error { return s.Migrate(ctx, quiet) },
	} {
		want := job.ErrReadOnly
		if name == "migrate" {
			want = nil // nothing to do, nothing to write
		}
		if err := write(); want == nil && err != nil || !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if _, err := s.Job(ctx, "j"); err != nil {
		t.Errorf("reading: %v", err)
	}
	empty := storetest.OpenURL(t, withParam(t, storetest.EmptyURL(t), "default_transaction_read_only", "on"))
	if err := empty.Migrate(ctx, quiet); !errors.Is(err, job.ErrReadOnly) {
		t.Errorf("migrating an empty one: %v", err)
	}
}

// A user without rights is told what to grant.
func TestUserWithoutRights(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	role := "stranger_" + storetest.Query[string](t, conn, "SELECT current_database()")
	storetest.Exec(t, conn, "CREATE ROLE "+role)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), "DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	s := storetest.OpenURL(t, withParam(t, url, "role", role))
	if _, err := s.Add(t.Context(), storetest.Job(t, "j", `{"type":"date"}`), job.Author{}); err == nil ||
		!strings.Contains(err.Error(), "grant this user the rights on schema pgdue") {
		t.Errorf("add: %v", err)
	}
}

// withParam is a URL with one more setting of the session.
func withParam(t *testing.T, base, name, value string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// schemaOf lists everything in the schema pgdue: columns, constraints, indexes, functions, views, comments.
func schemaOf(t *testing.T, url string) []string {
	t.Helper()
	rows, err := storetest.Conn(t, url).Query(t.Context(), `
		WITH ours AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = to_regnamespace('pgdue'))
		SELECT 'schema: ' || obj_description(to_regnamespace('pgdue')::oid, 'pg_namespace') AS what
		UNION ALL SELECT format('%s %s: %s', relkind, relname, obj_description(oid, 'pg_class')) FROM ours
		UNION ALL SELECT format('%s.%s %s %s %s %s: %s', relname, attname, attnum, format_type(atttypid, atttypmod), attnotnull,
		                        pg_get_expr(d.adbin, d.adrelid), col_description(o.oid, attnum))
		    FROM pg_attribute JOIN ours o ON o.oid = attrelid AND relkind IN ('r', 'p') LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND adnum = attnum
		    WHERE attnum > 0 AND NOT attisdropped
		UNION ALL SELECT format('%s: %s', conname, pg_get_constraintdef(c.oid)) FROM pg_constraint c JOIN ours o ON o.oid = conrelid
		UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN ours o ON o.oid = indrelid
		UNION ALL SELECT format('%s: %s', pg_get_functiondef(oid), obj_description(oid, 'pg_proc')) FROM pg_proc WHERE pronamespace = to_regnamespace('pgdue')
		UNION ALL SELECT format('%s: %s', relname, pg_get_viewdef(oid)) FROM ours WHERE relkind = 'v'
		ORDER BY what`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}
