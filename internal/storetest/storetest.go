// Package storetest gives tests a real PostgreSQL: one server per test program, and in it for each test a migrated
// database that nobody else uses meanwhile. Tests may run in parallel.
//
// To make a database and enter it costs more than most tests do, so a test gets one that an earlier test has left, with
// its sessions: between the tests it is made as new, or dropped where that cannot be done for certain. database.go does
// the one, session.go the other.
//
// The server is the one that PGDUE_TEST_DATABASE_URL names, whose user must be allowed to create databases, or else a
// throw-away cluster of package devpg, in memory where there is room. DATABASE_URL and PG* are never read. No database
// is a failure, not a skip.
package storetest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/devpg"
	"github.com/pgdue/pgdue/internal/store"
)

// atOnce is how many parallel tests run at a time where the call of the tests does not say it. Most of them wait: for
// the server, for locks, for leases that end. One for each processor would leave the processors idle.
const atOnce = 6

// Main runs a package's tests, stops the server that they used, and exits. Call it from TestMain.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a TestMain that leaves the exit to somebody else: it returns the exit code.
func Run(m *testing.M) int {
	devpg.ForgetEnvironment()
	setParallel()
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "storetest: stop the server:", err)
		code = max(code, 1)
	}
	return code
}

// URL returns the URL of a migrated database that is the test's own. An earlier test may have used it: it is as new,
// but for transaction numbers, and Config and all that builds on it enter it by sessions that are kept open.
func URL(t testing.TB) string {
	t.Helper()
	begin(t)
	return borrow(t, "")
}

// PreparedURL is URL where statements were run before, once for all tests that say the same.
func PreparedURL(t testing.TB, statements string) string {
	t.Helper()
	begin(t)
	return borrow(t, statements)
}

// NewURL returns the URL of a migrated database that was made for the test, and that it enters by sessions of its own:
// for tests that are about sessions, about settings of the database, or copy it.
func NewURL(t testing.TB) string {
	t.Helper()
	begin(t)
	return createFor(t, server.template)
}

// EmptyURL returns the URL of an empty database that was made for the test.
func EmptyURL(t testing.TB) string {
	t.Helper()
	begin(t)
	return createFor(t, "template0")
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
	s, err := store.OpenConfig(t.Context(), config.Copy(), store.Access{})
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
	if d := borrowed(config.ConnConfig.Database); d != nil {
		config.ConnConfig.DialFunc = d.dialer(config.ConnConfig.DialFunc)
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
