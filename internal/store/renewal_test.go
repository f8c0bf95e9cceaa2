package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/storetest"
)

// limited is a login role that may have so many connections, and may do what pgdue does.
func limited(t *testing.T, url string, connections int) *pgxpool.Config {
	t.Helper()
	admin, dropper := storetest.Conn(t, url), storetest.Conn(t, url)
	role := fmt.Sprintf("pgdue_limited_%d", admin.PgConn().PID())
	storetest.Exec(t, admin, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'w' CONNECTION LIMIT %d", role, connections))
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := dropper.Exec(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	})
	storetest.Exec(t, admin, "GRANT USAGE ON SCHEMA pgdue TO "+role)
	storetest.Exec(t, admin, "GRANT ALL ON ALL TABLES IN SCHEMA pgdue TO "+role)
	config := storetest.Config(t, url)
	config.ConnConfig.User, config.ConnConfig.Password = role, "w"
	return config
}

// terminate ends the session of a role that began as the nth.
func terminate(t *testing.T, conn *pgx.Conn, role string, nth int) {
	t.Helper()
	pid := storetest.Query[int](t, conn,
		"SELECT pid FROM pg_stat_activity WHERE usename = $1 ORDER BY backend_start OFFSET $2 LIMIT 1", role, nth-1)
	storetest.Exec(t, conn, "SELECT pg_terminate_backend($1)", pid)
	storetest.Await(t, conn, "the session to end",
		"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pid)
}

// A node whose connection for the lease is gone, and for whose role the server has no other left, gives up one that
// idles in its pools.
func TestRenewalHasFirstCallOnConnections(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	config := limited(t, url, 3)
	s := storetest.OpenConfig(t, config) // with one connection in the pool
	n := registered(t, s, "web-1")       // and that of the lease
	storetest.Connect(t, config)
	terminate(t, conn, config.ConnConfig.User, 2)
	storetest.Connect(t, config)
	if _, err := s.Beat(t.Context(), n.ID); err != nil {
		t.Error("the lease is not renewed: ", err)
	}
}

// A connection that died between two renewals costs none of them.
func TestRenewalAfterItsSessionWasEnded(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	n := registered(t, s, "web-1")
	for range 3 {
		if _, err := s.Beat(t.Context(), n.ID); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "+
			"WHERE datname = current_database() AND pid <> pg_backend_pid()")
		storetest.Await(t, conn, "the sessions to end", "SELECT NOT EXISTS (SELECT FROM pg_stat_activity "+
			"WHERE datname = current_database() AND pid <> pg_backend_pid())")
	}
	if _, err := s.Beat(t.Context(), n.ID); err != nil {
		t.Error("the lease is not renewed: ", err)
	}
}
