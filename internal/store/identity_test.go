package store_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

const settingsRow = "SELECT format('%s %s paused %s', system_identifier = (SELECT system_identifier FROM " +
	"pg_control_system()), database_name = current_database(), paused_at IS NOT NULL) FROM pgdue.settings"

// loggedNode is newNode with its log.
func loggedNode(t *testing.T, s *store.Store, w *work) (*scheduler.Scheduler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	n := &scheduler.Scheduler{Store: s, Executor: w, Log: slog.New(slog.NewTextHandler(&log, nil)), Name: "web-1:7"}
	if err := n.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n, &log
}

// copyOf is a copy of the database at url that lives as long as the test.
func copyOf(t *testing.T, url string) (copied string) {
	t.Helper()
	config := storetest.Config(t, url)
	name := config.ConnConfig.Database
	config.ConnConfig.Database = "postgres"
	admin := storetest.Connect(t, config)
	storetest.Exec(t, admin, "CREATE DATABASE "+name+"_copy TEMPLATE "+name)
	return strings.Replace(url, name, name+"_copy", 1)
}

// The first node of a database writes which it is; in a copy nothing fires until somebody says so.
func TestCopyOfADatabaseIsPaused(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	name := storetest.Config(t, url).ConnConfig.Database
	func() {
		conn := storetest.Conn(t, url)
		if !storetest.Query[bool](t, conn,
			"SELECT system_identifier IS NULL AND database_name IS NULL FROM pgdue.settings") {
			t.Error("a fresh schema knows where it is before a node has begun")
		}
		s := storetest.OpenURL(t, url)
		add(t, s, storetest.Job(t, "a", `{"type":"date"}`))
		for range 2 { // the second finds it written
			if _, log := loggedNode(t, s, &work{}); strings.Contains(log.String(), "level=WARN") {
				t.Errorf("at home: %s", log)
			}
			if got := storetest.Query[string](t, conn, settingsRow); got != "t t paused f" {
				t.Errorf("settings: %s", got)
			}
		}
		s.Close()
		conn.Close(t.Context())
	}()

	copied := copyOf(t, url)
	conn := storetest.Conn(t, copied)
	defer dropCopy(t, url)
	defer conn.Close(t.Context())
	s := storetest.OpenURL(t, copied)
	defer s.Close()
	w := &work{}
	n, log := loggedNode(t, s, w)
	for _, want := range []string{"level=WARN", "looks like a restored copy", "copy_of=" + name} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
	tick(t, n)
	finish(t, n)
	if n := len(w.executed()); n != 0 {
		t.Fatalf("%d runs began in the copy", n)
	}
	p, err := s.Pauses(t.Context(), 9)
	want := "this looks like a restored copy of " + name + ": `scheduler resume --all` to fire here"
	if err != nil || len(p) != 1 || p[0].Reason != want || !strings.HasPrefix(p[0].PausedBy, "pgdue on web-1:7/") {
		t.Errorf("paused: %+v, %v; want %s", p, err, want)
	}
	if _, log := loggedNode(t, s, w); !strings.Contains(log.String(), "looks like a restored copy") {
		t.Errorf("a second node says: %s", log)
	}
	if again, err := s.Pauses(t.Context(), 9); err != nil || len(again) != 1 ||
		!again[0].PausedAt.Equal(p[0].PausedAt) {
		t.Errorf("the second node paused again: %+v, %v", again, err)
	}
	resumeMany(t, s, everything, true)
	if got := storetest.Query[string](t, conn, settingsRow); got != "t t paused f" {
		t.Errorf("after resume: %s", got)
	}
	if _, log := loggedNode(t, s, w); strings.Contains(log.String(), "level=WARN") {
		t.Errorf("after resume a node says: %s", log)
	}
	tick(t, n)
	tick(t, n)
	finish(t, n)
	if n := len(w.executed()); n != 1 {
		t.Errorf("%d runs after resume --run-missed, want 1", n)
	}
}

func dropCopy(t *testing.T, url string) {
	t.Helper()
	config := storetest.Config(t, url)
	name := config.ConnConfig.Database
	config.ConnConfig.Database = "postgres"
	storetest.Exec(t, storetest.Connect(t, config), "DROP DATABASE "+name+"_copy WITH (FORCE)")
}

// Another cluster is told by its system identifier; what was paused before stays as it was.
func TestCopyInAnotherClusterIsPaused(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET system_identifier = 7, database_name = current_database()")
	pauseMany(t, s, everything)
	found, err := s.Identify(t.Context(), "pgdue")
	name := storetest.Config(t, url).ConnConfig.Database
	if err != nil || found.CopyOf != name+" of another PostgreSQL cluster" || found.Pause.PausedBy != "ada@web-1" {
		t.Errorf("%+v, %v", found, err)
	}
	if got := storetest.Query[string](t, conn, settingsRow); got != "f t paused t" {
		t.Errorf("settings: %s", got)
	}
}

// Where the role may not ask for the cluster, the name alone is compared.
func TestIdentityWithoutTheRightToAsk(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	conn := storetest.Conn(t, url)
	name := storetest.Config(t, url).ConnConfig.Database
	role := pgx.Identifier{name + "_role"}.Sanitize()
	storetest.Exec(t, conn, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
	storetest.Exec(t, conn, "CREATE ROLE "+role+"; GRANT USAGE ON SCHEMA pgdue TO "+role+"; GRANT ALL ON ALL TABLES "+
		"IN SCHEMA pgdue TO "+role)
	defer func() { storetest.Exec(t, conn, "DROP OWNED BY "+role+"; DROP ROLE "+role) }()
	config := storetest.Config(t, url)
	config.ConnConfig.RuntimeParams["role"] = name + "_role"
	s := storetest.OpenConfig(t, config)
	if found, err := s.Identify(t.Context(), "pgdue"); err != nil || found.CopyOf != "" {
		t.Errorf("%+v, %v", found, err)
	}
	if !storetest.Query[bool](t, conn,
		"SELECT system_identifier IS NULL AND database_name = current_database() FROM pgdue.settings") {
		t.Error("the name is not written")
	}
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET system_identifier = 7")
	if found, err := s.Identify(t.Context(), "pgdue"); err != nil || found.CopyOf != "" {
		t.Errorf("a cluster that cannot be compared: %+v, %v", found, err)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET database_name = 'app'")
	if found, err := s.Identify(t.Context(), "pgdue"); err != nil || found.CopyOf != "app" {
		t.Errorf("another name: %+v, %v", found, err)
	}
}
