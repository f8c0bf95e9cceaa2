package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// pid is the process number of a session.
func pid(conn *pgx.Conn) uint32 { return conn.PgConn().PID() }

// A session that is used again has forgotten all that its client made of it, and the client's locks are gone when its
// Close returns.
func TestKeptSessionForgets(t *testing.T) {
	t.Parallel()
	address := URL(t)
	watcher, first := Conn(t, address), Conn(t, address)
	for _, statement := range []string{
		"SELECT pg_advisory_lock(4711)",
		"LISTEN news",
		"SET work_mem = '77MB'",
		"SET ROLE pg_monitor",
		"PREPARE p AS SELECT 1",
		"CREATE TEMPORARY TABLE t (a int)",
		"DECLARE c CURSOR WITH HOLD FOR SELECT 1",
	} {
		Exec(t, first, statement)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !Query[bool](t, watcher, "SELECT pg_try_advisory_lock(4711)") {
		t.Error("the client has closed its connection and still holds its lock")
	}
	Exec(t, watcher, "NOTIFY news")
	second := Conn(t, address)
	if pid(second) != pid(first) {
		t.Fatalf("the session is not used again: %d, %d", pid(first), pid(second))
	}
	left := Query[string](t, second, `SELECT format('%s %s %s %s %s %s', current_user = session_user,
		current_setting('work_mem') <> '77MB', (SELECT count(*) FROM pg_listening_channels()),
		(SELECT count(*) FROM pg_prepared_statements WHERE name = 'p'), (SELECT count(*) FROM pg_cursors WHERE name = 'c'),
		to_regclass('t') IS NULL)`)
	if left != "t t 0 0 0 t" {
		t.Errorf("left in the session: %s", left)
	}
}

// A session is kept only where it is certain that nothing of its client is under way.
func TestSessionThatIsNotAtRestIsClosed(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(address string, conn *pgx.Conn){
		"in a transaction": func(_ string, conn *pgx.Conn) {
			Exec(t, conn, "BEGIN")
			conn.Close(t.Context())
		},
		"in a failed transaction": func(_ string, conn *pgx.Conn) {
			_, _ = conn.Exec(t.Context(), "BEGIN; SELECT 1/0")
			conn.Close(t.Context())
		},
		"with rows to read": func(_ string, conn *pgx.Conn) {
			rows, err := conn.Query(t.Context(), "SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
			if err != nil || !rows.Next() {
				t.Fatal("no rows: ", err)
			}
			conn.Close(t.Context())
		},
		"with a call given up": func(_ string, conn *pgx.Conn) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if _, err := conn.Exec(ctx, "SELECT pg_sleep(60)"); err == nil {
				t.Fatal("it did not wait")
			}
			<-conn.PgConn().CleanupDone()
		},
		"cancelled": func(_ string, conn *pgx.Conn) {
			if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
				t.Fatal(err)
			}
			conn.Close(t.Context())
		},
		"without a goodbye": func(_ string, conn *pgx.Conn) { conn.PgConn().Conn().Close() },
		"killed after it": func(address string, conn *pgx.Conn) {
			watcher := Conn(t, address)
			conn.Close(t.Context())
			Exec(t, watcher, "SELECT pg_terminate_backend($1, 60000)", pid(conn))
		},
	} {
		address := URL(t)
		first := Conn(t, address)
		leave(address, first)
		second := Conn(t, address)
		if pid(second) == pid(first) {
			t.Errorf("%s: the session is used again", name)
		}
		Exec(t, second, "SELECT 1")
	}
}

// Who asks for other parameters gets a session that began with them.
func TestKeptSessionHasTheParametersAskedFor(t *testing.T) {
	t.Parallel()
	address := URL(t)
	Conn(t, address).Close(t.Context())
	config := Config(t, address)
	config.ConnConfig.RuntimeParams["work_mem"] = "77MB"
	for range 2 { // the second is a kept one
		conn := Connect(t, config)
		Exec(t, conn, "SET work_mem = '5MB'")
		Exec(t, conn, "RESET work_mem")
		if got := Query[string](t, conn, "SHOW work_mem"); got != "77MB" {
			t.Errorf("work_mem: %s", got)
		}
		conn.Close(t.Context())
	}
}
