package executor_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

// helperEnv names the variable that makes the test binary one of its helper programs.
const helperEnv = "TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "flood":
		flood()
	case "escape":
		escape()
	}
	if h := helpers[os.Getenv(helperEnv)]; h != nil {
		h()
		os.Exit(0)
	}
	// What the environment of a node may hold and no run may see.
	os.Setenv("DATABASE_URL", "postgres://app:secret@db/app")
	os.Setenv("PGPASSWORD", "secret")
	os.Setenv("PGHOST", "db")
	os.Setenv("API_TOKEN", "secret")
	os.Setenv("PGDUE_URL", "http://other.example")
	os.Setenv("HOME", "/home/node")
	os.Setenv("LANG", "sv_SE.UTF-8")
	os.Exit(m.Run())
}

// helpers are further programs, of some systems.
var helpers = map[string]func(){}

const floodLine = "a line of which there are very many\n"

const floodLines = 200_000_000 / len(floodLine)

// flood prints 200 MB and fails.
func flood() {
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	for range floodLines {
		out.WriteString(floodLine)
	}
	out.WriteString("end\n")
	out.Flush()
	os.Exit(1)
}

// escape leaves its process group, writes its pid to the file in its argument, and keeps its stdout open for long.
func escape() {
	if _, err := syscall.Setsid(); err != nil {
		panic(err)
	}
	script := `echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 300`
	panic(syscall.Exec("/bin/sh", []string{"sh", "-c", script, "sh", os.Args[1]}, os.Environ()))
}

func execPool() *executor.Pool {
	return &executor.Pool{Kinds: []executor.Kind{&executor.Exec{URL: "http://127.0.0.1:8080"}}}
}

func execAttempt(command ...string) job.Attempt {
	return attempt(&job.Exec{Command: command, Env: map[string]string{}})
}

func attempt(work job.Work) job.Attempt {
	return job.Attempt{
		Instance: job.Instance{Run: job.Run{
			JobID:            "123",
			RunID:            uuid.MustParse("8c5f2b1e-7d7f-5a0e-9f3d-2b1f6a4c9d10"),
			Attempt:          2,
			ScheduledRunTime: time.Date(2026, 3, 1, 9, 0, 0, 250_000_000, time.FixedZone("CET", 3600)),
		}, StandsFor: job.StandsFor{
			FireCount:    3,
			FirstRunTime: time.Date(2026, 3, 1, 8, 0, 0, 250_000_000, time.FixedZone("CET", 3600)),
			LastRunTime:  time.Date(2026, 3, 1, 9, 0, 0, 250_000_000, time.FixedZone("CET", 3600)),
		}},
		Definition: job.Definition{ID: "123", Work: work},
	}
}

func status(code int) *int { return &code }

// eventually waits until ok, and fails the test when that takes too long.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("did not happen in time: %s", what)
		}
	}
}

// fileOnceWritten is the content of a file that appears whole.
func fileOnceWritten(t *testing.T, name string) string {
	t.Helper()
	var content []byte
	eventually(t, filepath.Base(name)+" is written", func() bool {
		content, _ = os.ReadFile(name)
		return bytes.HasSuffix(content, []byte("\n"))
	})
	return strings.TrimSpace(string(content))
}
