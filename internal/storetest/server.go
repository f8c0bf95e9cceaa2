package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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
	made     atomic.Int64 // databases
}

// begin starts the server, once.
func begin(t testing.TB) {
	t.Helper()
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		t.Fatal("storetest: no test database: ", server.err)
	}
}

// clusterSettings are those of a throw-away cluster. Nobody analyzes or vacuums tables but the tests.
var clusterSettings = map[string]string{"max_connections": "300", "autovacuum": "off"}

func start() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server.admin = os.Getenv("PGDUE_TEST_DATABASE_URL")
	if server.admin == "" {
		cluster, err := devpg.Start(ctx, devpg.Config{Fast: true, Settings: clusterSettings, Progress: os.Stderr})
		if err != nil {
			return err
		}
		server.cluster, server.admin = cluster, cluster.URL("postgres")
	}
	server.template = fmt.Sprintf("pgdue_template_%d", os.Getpid())
	if err := admin(ctx, "CREATE DATABASE "+server.template+" TEMPLATE template0"); err != nil {
		return err
	}
	s, err := store.Open(ctx, inDatabase(server.admin, server.template), store.Access{})
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
	err := errors.Join(dropIdle(), dropKinds())
	if server.template != "" {
		err = errors.Join(err, admin(context.Background(), "DROP DATABASE "+server.template))
	}
	return err
}

// create makes a database of a template and returns its name.
func create(ctx context.Context, template string) (name string, err error) {
	name = fmt.Sprintf("pgdue_test_%d_%d", os.Getpid(), server.made.Add(1))
	statement := "CREATE DATABASE " + name + " TEMPLATE " + template
	if server.cluster != nil {
		// By the log, the default, it takes four times as long. A server that syncs its files is better off with the
		// log.
		statement += " STRATEGY file_copy"
	}
	return name, admin(ctx, statement)
}

func drop(name string) error {
	return admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
}

// createFor makes a database of a template and drops it when the test ends.
func createFor(t testing.TB, template string) (url string) {
	t.Helper()
	name, err := create(t.Context(), template)
	if err != nil {
		t.Fatal("storetest: ", err)
	}
	t.Cleanup(func() {
		if err := drop(name); err != nil {
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
