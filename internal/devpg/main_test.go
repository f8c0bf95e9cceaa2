package devpg

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestMain lets a test run this binary again as a process that owns a cluster: one to kill, or one of an ordinary user.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVPG_TEST_OWNER_OF"); dir != "" {
		own(dir)
		return
	}
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// shared is a running cluster for the tests that only look at one.
var shared = sync.OnceValues(func() (c *Cluster, err error) {
	defer func() {
		if err == nil {
			closeShared = c.Close
		}
	}()
	return Start(context.Background(), Config{Fast: true, Progress: os.Stderr,
		Settings: map[string]string{"max_connections": "37", "listen_addresses": "*"}})
})

var closeShared = func() error { return nil }

func sharedCluster(t *testing.T) *Cluster {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// owned is what an owner process prints about its cluster.
type owned struct {
	URL        string
	Postmaster int
}

// own runs a cluster in dir until its standard input ends.
func own(dir string) {
	c, err := Start(context.Background(), Config{DataDir: dir, Fast: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(owned{c.URL(""), c.server.process.Pid})
	io.Copy(io.Discard, os.Stdin)
	if err := c.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startFast starts a cluster without durability that ends with the test.
func startFast(t *testing.T, c Config) *Cluster {
	t.Helper()
	c.Fast = true
	c.Log = testLog(t)
	cluster, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeCluster(t, cluster) })
	return cluster
}

func closeCluster(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// openDir makes a temporary directory that every account can enter, as those of t.TempDir cannot be.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgdue-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// query runs a statement and returns its first value as text.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	value := ""
	if rows.Next() {
		value = fmt.Sprint(first(t, rows))
	}
	rows.Close()
	if rows.Err() != nil {
		t.Fatalf("%s: %v", sql, rows.Err())
	}
	return value
}

func first(t *testing.T, rows pgx.Rows) any {
	t.Helper()
	values, err := rows.Values()
	if err != nil {
		t.Fatal(err)
	}
	return values[0]
}

// write makes a file and its directories.
func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
