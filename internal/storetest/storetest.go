// Package storetest gives tests a real PostgreSQL: one server per test program, in it a migrated template database, and
// of that a clone per test, made in some 20 ms and dropped at its end. Tests may run in parallel.
//
// The server is the one that PGDUE_TEST_DATABASE_URL names, whose user must be allowed to create databases, or else a
// throw-away cluster of package devpg. DATABASE_URL and PG* are never read. No database is a failure, not a skip.
package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/devpg"
	"github.com/pgdue/pgdue/internal/store"
)

// server is the one of this test program.
var server struct {
	once     sync.Once
	err      error
	admin    string // URL of its maintenance database
	template string
	cluster  *devpg.Cluster
	clones   atomic.Int64
}

// Main runs a package's tests, cleans up, and stops the server that they used. Call it from TestMain.
func Main(m *testing.M, cleanUp ...func()) {
	devpg.ForgetEnvironment()
	code := m.Run()
	for _, clean := range cleanUp {
		clean()
	}
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "storetest: stop the server:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// URL returns the URL of a migrated database that is the test's own.
func URL(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		t.Fatal("storetest: no test database: ", server.err)
	}
	return create(t, server.template)
}

// EmptyURL returns the URL of an empty database that is the test's own.
func EmptyURL(t testing.TB) string {
	t.Helper()
	URL(t) // starts the server
	return create(t, "template0")
}

// Open returns a Store on a migrated database that is the test's own.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenURL(t, URL(t))
}

// OpenURL returns a Store on the database at url, closed when the test ends.
func OpenURL(t testing.TB, url string) *store.Store {
	t.Helper()
	return OpenConfig(t, Config(t, url))
}

// OpenConfig is OpenURL with a parsed configuration, which it leaves as it is.
func OpenConfig(t testing.TB, config *pgxpool.Config) *store.Store {
	t.Helper()
	s, err := store.OpenConfig(t.Context(), config.Copy())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Config is the configuration that a URL stands for.
func Config(t testing.TB, url string) *pgxpool.Config {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// Conn returns a connection to the database at url, for looking at rows and preparing them, closed when the test ends.
func Conn(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	return Connect(t, Config(t, url))
}

// Connect is Conn with a parsed configuration.
func Connect(t testing.TB, config *pgxpool.Config) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config.ConnConfig.Copy())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Exec runs a statement that must succeed.
func Exec(t testing.TB, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Query returns the one value that a query selects.
func Query[T any](t testing.TB, conn *pgx.Conn, query string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// patience is how long Await waits for what should come. It is long, as a machine that is busy with other tests is slow, and a
// test that passes never waits for it.
const patience = 3 * time.Minute

// Await waits until a query selects true. It fails the test when its patience ends, with what the wait was for.
func Await(t testing.TB, conn *pgx.Conn, what, query string, args ...any) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !Query[bool](t, conn, query, args...) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for: %s", patience, what)
		}
		<-tick.C
	}
}

func start() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server.admin = os.Getenv("PGDUE_TEST_DATABASE_URL")
	if server.admin == "" {
		cluster, err := devpg.Start(ctx, devpg.Config{Fast: true, Settings: map[string]string{"max_connections": "300"}, Progress: os.Stderr})
		if err != nil {
			return err
		}
		server.cluster, server.admin = cluster, cluster.URL("postgres")
	}
	server.template = fmt.Sprintf("pgdue_template_%d", os.Getpid())
	if err := admin(ctx, "CREATE DATABASE "+server.template+" TEMPLATE template0"); err != nil {
		return err
	}
	s, err := store.Open(ctx, inDatabase(server.admin, server.template))
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx, slog.New(slog.DiscardHandler))
}

func stop() error {
	if server.cluster != nil {
		return server.cluster.Close()
	}
	if server.template != "" {
		return admin(context.Background(), "DROP DATABASE "+server.template)
	}
	return nil
}

// create makes a database of a template and drops it when the test ends.
func create(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("pgdue_test_%d_%d", os.Getpid(), server.clones.Add(1))
	if err := admin(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal("storetest: ", err)
	}
	t.Cleanup(func() {
		if err := admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error("storetest: ", err)
		}
	})
	return inDatabase(server.admin, name)
}

// admin runs a statement in the maintenance database. PostgreSQL copies one template at a time, so it is done in turn.
func admin(ctx context.Context, statement string) error {
	adminMu.Lock()
	defer adminMu.Unlock()
	conn, err := pgx.Connect(ctx, server.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

var adminMu sync.Mutex

// inDatabase is the URL base with another database.
func inDatabase(base, database string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base // the connection says what is wrong with it
	}
	u.Path = "/" + database
	return u.String()
}
