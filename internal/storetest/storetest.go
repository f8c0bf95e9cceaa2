// Package storetest gives tests a real PostgreSQL: one server per test program, in it a migrated template database, and
// of that a clone per test, made in some 20 ms and dropped at its end. Tests may run in parallel.
//
// The server is the one that PGDUE_TEST_DATABASE_URL names, whose user must be allowed to create databases, or else a
// throw-away cluster of package devpg, in memory where there is room. DATABASE_URL and PG* are never read. No database
// is a failure, not a skip.
package storetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strconv"
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
	admin    string    // URL of its maintenance database
	conn     *pgx.Conn // to it, for admin
	template string
	cluster  *devpg.Cluster
	clones   atomic.Int64
}

// atOnce is how many parallel tests run at a time where the call of the tests does not say it. Most of them wait: for
// the server, for locks, for leases that end. One for each processor would leave the processors idle.
const atOnce = 6

// Main runs a package's tests, cleans up, stops the server that they used, and exits. Call it from TestMain.
func Main(m *testing.M, cleanUp ...func()) { os.Exit(Run(m, cleanUp...)) }

// Run is Main for a TestMain that leaves the exit to somebody else: it returns the exit code.
func Run(m *testing.M, cleanUp ...func()) int {
	devpg.ForgetEnvironment()
	setParallel()
	code := m.Run()
	for _, clean := range cleanUp {
		clean()
	}
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "storetest: stop the server:", err)
		code = max(code, 1)
	}
	return code
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

// CloneURL returns the URL of a copy of the database at url, of this package, that is the test's own. Nobody may be
// connected to the original. Where many tests begin with the same rows it is far cheaper than to write them for each.
func CloneURL(t testing.TB, url string) string {
	t.Helper()
	return create(t, Config(t, url).ConnConfig.Database)
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

// patience is how long Await waits for what should come. It is long, as a machine that is busy with other tests is
// slow, and a test that passes never waits for it.
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

func setParallel() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given || runtime.GOMAXPROCS(0) >= atOnce {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
		panic(err) // the testing package has such a flag
	}
}

func start() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server.admin = os.Getenv("PGDUE_TEST_DATABASE_URL")
	if server.admin == "" {
		cluster, err := devpg.Start(ctx,
			devpg.Config{Fast: true, Settings: map[string]string{"max_connections": "300"}, Progress: os.Stderr})
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
	if err := s.Migrate(ctx, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	return tidyCatalog(ctx, inDatabase(server.admin, server.template))
}

// tidyCatalog vacuums the system catalog of the template, which the migrations leave full of dead rows, and lets
// PostgreSQL write the cache file with which a session begins: otherwise each clone pays for both again. It leaves our
// own tables as they are, as PostgreSQL plans for a table that was never vacuumed in another way than for one that was
// and is empty.
func tidyCatalog(ctx context.Context, template string) error {
	vacuum := func(conn *pgx.Conn) error {
		var tables string
		err := conn.QueryRow(ctx, `SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
			WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared`).Scan(&tables)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "VACUUM (FREEZE) "+tables)
		return err
	}
	begin := func(*pgx.Conn) error { return nil } // writes the file
	for _, do := range []func(*pgx.Conn) error{vacuum, begin} {
		conn, err := pgx.Connect(ctx, template)
		if err != nil {
			return err
		}
		if err := errors.Join(do(conn), conn.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func stop() error {
	if server.conn != nil {
		defer server.conn.Close(context.Background())
	}
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
	statement := "CREATE DATABASE " + name + " TEMPLATE " + template
	if server.cluster != nil {
		// By the log, the default, it takes four times as long. A server that syncs its files is better off with the
		// log.
		statement += " STRATEGY file_copy"
	}
	if err := admin(t.Context(), statement); err != nil {
		t.Fatal("storetest: ", err)
	}
	t.Cleanup(func() {
		if err := admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error("storetest: ", err)
		}
	})
	return inDatabase(server.admin, name)
}

// admin runs a statement in the maintenance database. PostgreSQL copies one template at a time, so it is done in turn,
// on one connection: to make one costs as much as the copy.
func admin(ctx context.Context, statement string) (err error) {
	adminMu.Lock()
	defer adminMu.Unlock()
	if server.conn == nil || server.conn.IsClosed() {
		if server.conn, err = pgx.Connect(ctx, server.admin); err != nil {
			return err
		}
	}
	_, err = server.conn.Exec(ctx, statement)
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
