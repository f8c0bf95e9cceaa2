package storetest

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	// requirePgBouncer is the variable that makes a missing PgBouncer a failure.
	requirePgBouncer = "PGDUE_TEST_REQUIRE_PGBOUNCER"
	// bouncerPort is the number in the name of its socket; each has a directory of its own.
	bouncerPort = 6432
)

// FindPgBouncer returns where PgBouncer is, or says why there is none; required: that is then a failure.
func FindPgBouncer() (path string, required bool, err error) {
	v := os.Getenv(requirePgBouncer)
	required = v != "" && v != "0"
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, required, nil
		}
	}
	return "", required, fmt.Errorf("there is no pgbouncer in PATH or /usr/sbin (Debian: apt-get install pgbouncer); "+
		"%s=1 makes this a failure", requirePgBouncer)
}

// bouncerSettings let every client in, as the server's user. One after the other takes another session of few, so that
// what is left in one is missed at once. No parameter of a client is ignored.
const bouncerSettings = `[databases]
* = %s
[pgbouncer]
listen_addr =
unix_socket_dir = %s
listen_port = %d
auth_type = any
pool_mode = transaction
default_pool_size = 4
server_round_robin = 1
max_client_conn = 1000
server_login_retry = 1
`

// PgBouncer starts one before the server of the database at direct, and returns the URL of the same database through
// it. It pools transactions, unless lines of its settings say otherwise, and ends with the test.
func PgBouncer(t testing.TB, program, direct string, settings ...string) string {
	t.Helper()
	server, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pgb") // names of sockets must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	target := fmt.Sprintf("host=%s port=%d user=%s", server.Host, server.Port, server.User)
	if server.Password != "" {
		target += " password='" + strings.ReplaceAll(server.Password, "'", "''") + "'"
	}
	file := filepath.Join(dir, "pgbouncer.ini")
	ini := fmt.Sprintf(bouncerSettings, target, dir, bouncerPort) + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(file, []byte(ini), 0o600); err != nil {
		t.Fatal(err)
	}
	runBouncer(t, program, file)
	query := url.Values{"host": {dir}, "port": {strconv.Itoa(bouncerPort)}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(server.User), Path: "/" + server.Database,
		RawQuery: query.Encode()}).String()
}

// runBouncer starts PgBouncer and waits until it takes clients. A shell ends it when its input ends, so that it does
// not outlive this process.
func runBouncer(t testing.TB, program, file string) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", `"$0" "$1" & exec 2>/dev/null; cat >/dev/null; kill $!; wait`, program, file)
	if os.Geteuid() == 0 { // as which it refuses to run
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: giveAway(t, filepath.Dir(file), file)}
	}
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	lines := bufio.NewScanner(log)
	for up := false; !up; {
		if !lines.Scan() {
			hold.Close()
			t.Fatalf("pgbouncer does not start: %v\n%s", cmd.Wait(), strings.Join(said, "\n"))
		}
		said = append(said, lines.Text())
		up = strings.Contains(lines.Text(), "process up")
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.Copy(io.Discard, log)
	}()
	t.Cleanup(func() {
		hold.Close()
		<-drained
		cmd.Wait()
	})
}

// giveAway makes files those of a user who is not root, and returns what a process needs to be that user.
func giveAway(t testing.TB, files ...string) *syscall.Credential {
	t.Helper()
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			t.Fatal(err)
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Chown(f, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
