package devpg

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

func TestClusterHasItsSettings(t *testing.T) {
	t.Parallel()
	c := sharedCluster(t)
	for setting, want := range map[string]string{
		"max_connections": "37", "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "timezone": "UTC",
		"server_encoding": "UTF8", "fsync": "off",
	} {
		if got := query(t, c.URL(""), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := query(t, c.URL(""), "SELECT datcollate FROM pg_database WHERE datname = 'pgdue'"); got != "C" {
		t.Errorf("collation is %q, want C", got)
	}
	if got := query(t, c.URL("postgres"), "SELECT current_database()"); got != "postgres" {
		t.Errorf("URL of database postgres leads to %s", got)
	}
}

func TestTemporaryClusterVanishes(t *testing.T) {
	t.Parallel()
	c := startFast(t, Config{Database: `or "not"`})
	if got := query(t, c.URL(""), "SELECT current_database()"); got != `or "not"` {
		t.Errorf("the database is %s", got)
	}
	closeCluster(t, c)
	if _, err := os.Stat(c.DataDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close, looking at %s: %v", c.DataDir, err)
	}
	select {
	case <-c.Done():
	default:
		t.Error("not done after Close")
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestOnlyThePasswordOpensTheCluster(t *testing.T) {
	t.Parallel()
	c := sharedCluster(t)
	for _, user := range []string{superuser, "postgres", superuser + ":wrong"} {
		address := strings.Replace(c.URL(""), superuser+":"+c.password, user, 1)
		conn, err := pgx.Connect(t.Context(), address)
		if err == nil {
			conn.Close(t.Context())
			t.Errorf("got in as %s", user)
		}
	}
	info, err := os.Stat(filepath.Join(c.DataDir, "password"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("password file: mode %v, %v", info.Mode(), err)
	}
}

func TestDataAndAddressSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "new", "it's a cluster")
	before := startFast(t, Config{DataDir: dir})
	query(t, before.URL(""), "CREATE TABLE kept AS SELECT 42 AS answer")
	closeCluster(t, before)

	mustHold(t, dir, "data", "lock", "password", "port", "postgres.log")
	after := startFast(t, Config{DataDir: dir})
	if got := query(t, after.URL(""), "SELECT answer FROM kept"); got != "42" {
		t.Errorf("answer %q, want 42", got)
	}
	if diff := cmp.Diff(before.URL(""), after.URL("")); diff != "" {
		t.Errorf("address (-before +after):\n%s", diff)
	}
}

func TestLostPasswordIsAClearError(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	closeCluster(t, startFast(t, Config{DataDir: dir}))
	file := filepath.Join(dir, "password")
	for _, tt := range []struct {
		spoil func() error
		says  string
	}{
		{func() error { return os.WriteFile(file, []byte("another\n"), 0o600) }, "password authentication failed"},
		{func() error { return os.Remove(file) }, "password file " + file + " is missing"},
	} {
		if err := tt.spoil(); err != nil {
			t.Fatal(err)
		}
		c, err := Start(t.Context(), Config{DataDir: dir, Fast: true})
		if err == nil {
			closeCluster(t, c)
			t.Fatal("got in without the password")
		}
		mustSay(t, err, tt.says)
	}
}

func TestPortTakenMeanwhileIsReplaced(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	before := startFast(t, Config{DataDir: dir})
	closeCluster(t, before)
	l, err := listen(before.server.port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	after := startFast(t, Config{DataDir: dir})
	if after.server.port == before.server.port {
		t.Error("the port that somebody else listens on was taken")
	}
}

// The server's own words for failures after which launch tries again.
func TestPassingFailuresAreKnown(t *testing.T) {
	t.Parallel()
	c := startFast(t, Config{})
	mustPass := func(what string) {
		t.Helper()
		s, err := c.home.spawn(t.Context(), installation{bin: c.Bin}, Config{}, c.server.port)
		if err != nil {
			t.Fatal(err)
		}
		<-s.done
		log := c.home.readLog(s.logStart)
		var passing passingError
		if !errors.As(judge(errEnded, log), &passing) {
			t.Errorf("%s: this failure is taken as final: %s", what, log)
		}
	}
	mustPass("a server that is still there")
	if err := c.server.stop(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	l, err := listen(c.server.port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mustPass("a port that was taken between our look and its start")
	if err := judge(errEnded, "FATAL:  out of memory"); err != errEnded {
		t.Errorf("a final failure is judged as %v", err)
	}
}

func TestLiveDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	c := sharedCluster(t)
	second, err := Start(t.Context(), Config{DataDir: c.DataDir, Fast: true})
	if err == nil {
		closeCluster(t, second)
		t.Fatal("two clusters in one directory")
	}
	mustSay(t, err, c.DataDir, "in use by process "+itoa(os.Getpid()))
	if got := query(t, c.URL(""), "SELECT 1"); got != "1" {
		t.Error("the first cluster no longer answers")
	}
}

func TestForeignDirectoryIsRefusedUntouched(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"something else": {map[string]string{"thesis.tex": "x"}, []string{"not empty", "thesis.tex"}},
		"a cluster made by hand": {map[string]string{"PG_VERSION": "15\n"},
			[]string{"PostgreSQL 15 cluster", "not made here"}},
		"data without a cluster": {map[string]string{"data/x": "x"}, []string{"not empty", "data"}},
		"an older major": {map[string]string{"data/PG_VERSION": "9.6\n"},
			[]string{"PostgreSQL 9 cluster", "only PostgreSQL 9"}},
		"a newer major": {map[string]string{"data/PG_VERSION": "99\n"},
			[]string{"PostgreSQL 99 cluster", "no PostgreSQL 99"}},
		"a damaged version": {map[string]string{"data/PG_VERSION": "x"}, []string{"PG_VERSION", "damaged"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := openDir(t)
			for file, text := range tt.files {
				write(t, filepath.Join(dir, file), text, 0o600)
			}
			if os.Geteuid() == 0 && name != "a damaged version" {
				giveAway(t, dir)
			}
			c, err := Start(t.Context(), Config{DataDir: dir, CacheDir: openDir(t)})
			if err == nil {
				closeCluster(t, c)
				t.Fatal("it was taken")
			}
			mustSay(t, err, append(tt.says, dir)...)
			for file, want := range tt.files {
				if got, err := os.ReadFile(filepath.Join(dir, file)); string(got) != want {
					t.Errorf("%s holds %q, %v, want %q", file, got, err, want)
				}
			}
		})
	}
}

// giveAway gives the data inside dir to the account that would own it, had we made it.
func giveAway(t *testing.T, dir string) {
	t.Helper()
	a, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.give(filepath.Join(dir, "data")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestServerThatDoesNotComeUpTellsItsLog(t *testing.T) {
	t.Parallel()
	c, err := Start(t.Context(), Config{Fast: true, Settings: map[string]string{"max_connections": "many"}})
	if err == nil {
		closeCluster(t, c)
		t.Fatal("max_connections = many was accepted")
	}
	mustSay(t, err, "it ended at once", `invalid value for parameter "max_connections"`)
}

func TestNothingOfTheEnvironmentLeaksIn(t *testing.T) {
	for name, value := range map[string]string{
		"DATABASE_URL": "postgres://leak@leak/leak", "PGHOST": "leak", "PGPORT": "1", "PGUSER": "leak",
		"PGPASSWORD": "leak",
		"PGDATABASE": "leak", "PGDATA": "/leak", "PGOPTIONS": "-c work_mem=leak", "PGTARGETSESSIONATTRS": "standby",
		"PGSSLMODE": "verify-full", "PGREQUIREAUTH": "none", "PGCHANNELBINDING": "require", "LC_ALL": "leak",
	} {
		t.Setenv(name, value)
	}
	c := startFast(t, Config{})
	for _, name := range []string{"PGOPTIONS", "PGTARGETSESSIONATTRS", "PGREQUIREAUTH", "PGCHANNELBINDING"} {
		os.Unsetenv(name) // for our own connections below; t.Setenv restores it
	}
	query(t, c.URL(""), "CREATE TABLE env (entry text)")
	query(t, c.URL(""), "COPY env FROM PROGRAM 'env'")
	if got := query(t, c.URL(""),
		"SELECT coalesce(string_agg(entry, ' '), '') FROM env WHERE entry LIKE '%leak%'"); got != "" {
		t.Errorf("the server's environment holds %s", got)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("changed my mind")
	cancel(cause)
	c, err := Start(ctx, Config{DataDir: dir})
	if err == nil {
		closeCluster(t, c)
	}
	if !errors.Is(err, cause) {
		t.Errorf("Start returned %v, want %v", err, cause)
	}
	mustHold(t, dir, "lock")
}

func TestURLEscapesDatabase(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(databaseURL(5432, "pw", "a b/?c"))
	if err != nil || u.Path != "/a b/?c" || u.Host != "127.0.0.1:5432" {
		t.Errorf("%v, %v", u, err)
	}
}

// mustSay checks that an error's text holds every part.
func mustSay(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q:\n%v", part, err)
		}
	}
}
