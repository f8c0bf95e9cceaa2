package storetest

import (
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// lend lends a database for as long as use lasts and returns its name, and why it was dropped, if it was.
func lend(t *testing.T, use func(url string, conn *pgx.Conn)) (name string, dropped error) {
	t.Helper()
	begin(t)
	d, err := take(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	address := inDatabase(server.admin, d.name)
	conn := Conn(t, address)
	use(address, conn)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	dropped, err = d.giveBack()
	if err != nil {
		t.Fatal(err)
	}
	return d.name, dropped
}

// look selects what a test can find, as text.
const look = `SELECT format('%s jobs, %s events, paused %s, identity %s, migrations %s, revision %s, pause %s, size %s',
	(SELECT count(*) FROM pgdue.jobs), (SELECT count(*) FROM pgdue.job_events),
	(SELECT paused_at IS NOT NULL FROM pgdue.settings), (SELECT database_name FROM pgdue.settings),
	(SELECT string_agg(to_jsonb(m)::text, '' ORDER BY m) FROM pgdue.goose_db_version m),
	(SELECT nextval('pgdue.revisions')), (SELECT nextval('pgdue.pauses_id_seq')),
	(SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE oid >= 16384 AND relkind = 'r'))`

// Whatever rows a test leaves behind, the next one finds the database as it is when it is new.
func TestRowsDoNotReachTheNextTest(t *testing.T) {
	fresh := Query[string](t, Conn(t, NewURL(t)), look)
	first, dropped := lend(t, func(_ string, conn *pgx.Conn) {
		if diff := cmp.Diff(fresh, Query[string](t, conn, look)); diff != "" {
			t.Errorf("the first test does not find what is in a new database (-new +found):\n%s", diff)
		}
		for _, statement := range []string{
			"INSERT INTO pgdue.schema_compatibility VALUES (77, 7)",
			"UPDATE pgdue.settings SET paused_at = now(), database_name = 'elsewhere'",
			"DELETE FROM pgdue.goose_db_version",
			"INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by) VALUES ('a', 'b', now(), 'c')",
			"DELETE FROM pgdue.pauses",
			"SELECT nextval('pgdue.revisions') FROM generate_series(1, 100)",
		} {
			Exec(t, conn, statement)
		}
	})
	if dropped != nil {
		t.Fatal("rows alone cost the database: ", dropped)
	}
	second, _ := lend(t, func(_ string, conn *pgx.Conn) {
		if diff := cmp.Diff(fresh, Query[string](t, conn, look)); diff != "" {
			t.Errorf("the next test finds what the first one left (-new +found):\n%s", diff)
		}
	})
	if second != first {
		t.Errorf("the database was not used again: %s, %s", first, second)
	}
}

// A database that is not as new for certain is not lent again.
func TestSpoiledDatabaseIsDropped(t *testing.T) {
	statements := []string{
		"CREATE TABLE pgdue.more (a int)",
		"CREATE SCHEMA more",
		"DROP VIEW pgdue.job_overview",
		"ALTER TABLE pgdue.jobs ADD COLUMN more int",
		"ALTER TABLE pgdue.jobs ALTER COLUMN id SET DEFAULT 'x'",
		"ALTER TABLE pgdue.pauses DROP CONSTRAINT label_is_a_pair",
		"ALTER TABLE pgdue.next_run_times DISABLE TRIGGER mend_due_at",
		"ALTER TABLE pgdue.jobs SET (fillfactor = 50)",
		"ALTER TABLE pgdue.jobs ENABLE ROW LEVEL SECURITY",
		"ALTER SEQUENCE pgdue.revisions INCREMENT 2",
		"DROP INDEX pgdue.pauses_lasting",
		"GRANT SELECT ON pgdue.jobs TO PUBLIC",
		"COMMENT ON TABLE pgdue.jobs IS 'more'",
		"CREATE OR REPLACE FUNCTION pgdue.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()'",
		"ANALYZE pgdue.jobs",
		"ANALYZE pgdue.settings",
		"INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by) VALUES ('a', 'b', now(), 'c'); " +
			"ANALYZE pgdue.pauses",
		"DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$",
	}
	for _, statement := range statements {
		_, dropped := lend(t, func(_ string, conn *pgx.Conn) { Exec(t, conn, statement) })
		if dropped == nil {
			t.Errorf("a database is lent again after %s", statement)
		}
	}
}

// A test that changes the settings of its database would not see them in sessions that are kept, and is told.
func TestSettingsNeedANewDatabase(t *testing.T) {
	_, dropped := lend(t, func(_ string, conn *pgx.Conn) {
		Exec(t, conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$")
	})
	if !errors.Is(dropped, errSettings) {
		t.Errorf("dropped: %v, want: %v", dropped, errSettings)
	}
}

// Tests that prepare their databases in the same way share them, and only they do.
func TestPreparedDatabase(t *testing.T) {
	const statements = "CREATE TABLE more (a int); INSERT INTO more VALUES (1)"
	var names []string
	for range 2 {
		t.Run("", func(t *testing.T) {
			conn := Conn(t, PreparedURL(t, statements))
			names = append(names, conn.Config().Database)
			if got := Query[string](t, conn, "SELECT array_agg(a)::text FROM more"); got != "{1}" {
				t.Errorf("rows: %s", got)
			}
			Exec(t, conn, "UPDATE more SET a = 2")
		})
	}
	if names[0] != names[1] {
		t.Errorf("the database is not used again: %s", names)
	}
	if name := Conn(t, URL(t)).Config().Database; name == names[0] {
		t.Error("it is lent to a test that wants another one")
	}
}

// Who has not left keeps the database from being lent again, however it has come in.
func TestDatabaseInUseIsDropped(t *testing.T) {
	outside := func(address string) *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(t.Context()) })
		return conn
	}
	for name, enter := range map[string]func(string) *pgx.Conn{
		"by a kept session": func(address string) *pgx.Conn { return Conn(t, address) },
		"by itself":         outside,
		"by another user's address": func(address string) *pgx.Conn {
			u, _ := url.Parse(address)
			u.RawQuery += "&application_name=other"
			return outside(u.String())
		},
	} {
		_, dropped := lend(t, func(address string, _ *pgx.Conn) {
			Exec(t, enter(address), "SELECT pg_advisory_lock(1)")
		})
		if dropped == nil {
			t.Errorf("%s: a database is lent again that somebody uses", name)
		}
	}
}
