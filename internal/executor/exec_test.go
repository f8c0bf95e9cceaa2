package executor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
)

func TestExecEnvironmentIsClean(t *testing.T) {
	t.Parallel()
	a := execAttempt("env")
	a.Definition.Work.(*job.Exec).Env = map[string]string{"GREETING": "hej då", "LANG": "C", "PGHOST": "declared"}
	res := execPool().Execute(t.Context(), a)

	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"GREETING=hej då",
		"HOME=/home/node",
		"LANG=C",
		"PATH=" + os.Getenv("PATH") + ":" + filepath.Dir(binary),
		"PGDUE_ATTEMPT=2",
		"PGDUE_FIRE_COUNT=3",
		"PGDUE_FIRST_RUN_TIME=2026-03-01T07:00:00.25Z",
		"PGDUE_JOB_ID=123",
		"PGDUE_LAST_RUN_TIME=2026-03-01T08:00:00.25Z",
		"PGDUE_RUN_ID=8c5f2b1e-7d7f-5a0e-9f3d-2b1f6a4c9d10",
		"PGDUE_SCHEDULED_RUN_TIME=2026-03-01T08:00:00.25Z",
		"PGDUE_URL=http://127.0.0.1:8080",
		"PGHOST=declared",
	}, "\n") + "\n"
	if diff := cmp.Diff(want, res.Output); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestExecResult(t *testing.T) {
	t.Parallel()
	failed := func(code int) job.Result {
		return job.Result{Outcome: job.Failed, Error: fmt.Sprintf("exit status %d", code), Status: status(code)}
	}
	killed := func(signal string) job.Result {
		return job.Result{Outcome: job.Failed, Error: "killed by signal " + signal}
	}
	succeeded := func(output string) job.Result {
		return job.Result{Outcome: job.Succeeded, Output: output, Status: status(0)}
	}
	tests := []struct {
		name, script string
		want         job.Result
	}{
		{"success", "true", succeeded("")},
		{"exit code", "exit 3", failed(3)},
		{"largest exit code", "exit 255", failed(255)},
		{"SIGKILL", "kill -KILL $$", killed("SIGKILL")},
		{"SIGTERM that we did not send", "kill -TERM $$", killed("SIGTERM")},
		{"stdout and stderr in order", "echo one; echo two >&2; echo three", succeeded("one\ntwo\nthree\n")},
		{"stdin is empty", "cat; echo read", succeeded("read\n")},
		{"text that PostgreSQL cannot hold", `printf 'a\000b\377\376c\303'`, succeeded("a\uFFFDb\uFFFD\uFFFDc\uFFFD")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := execPool().Execute(t.Context(), execAttempt("sh", "-c", tt.script))
			if diff := cmp.Diff(tt.want, res); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExecRunsInItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "tool"), "#!/bin/sh\npwd\n", 0o755)
	a := execAttempt("./tool")
	a.Definition.Work.(*job.Exec).Dir = dir
	want := job.Result{Outcome: job.Succeeded, Output: dir + "\n", Status: status(0)}
	if diff := cmp.Diff(want, execPool().Execute(t.Context(), a)); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestExecLooksUpInTheDeclaredPath(t *testing.T) {
	t.Parallel()
	dir, shadowed := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(dir, "tool"), "#!/bin/sh\necho \"$PATH\"\n", 0o755)
	writeFile(t, filepath.Join(shadowed, "tool"), "not executable", 0o644)
	a := execAttempt("tool")
	a.Definition.Work.(*job.Exec).Env["PATH"] = "relative:" + shadowed + ":" + dir
	want := job.Result{Outcome: job.Succeeded, Output: a.Definition.Work.(*job.Exec).Env["PATH"] + "\n",
		Status: status(0)}
	if diff := cmp.Diff(want, execPool().Execute(t.Context(), a)); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestExecThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		return writeFile(t, filepath.Join(dir, name), content, mode)
	}
	plain := file("plain", "", 0o644)
	tests := []struct {
		name string
		work job.Exec
		want string
	}{
		{"not in PATH", job.Exec{Command: []string{"no-such"}, Env: map[string]string{"PATH": "/a:/b"}},
			`program "no-such" not found in the run's PATH (/a:/b)`},
		{"not in PATH, but in the node's directory",
			job.Exec{Command: []string{"doc.go"}, Env: map[string]string{"PATH": ".:"}},
			`program "doc.go" not found in the run's PATH (.:)`},
		{"not in PATH, but in the run's directory",
			job.Exec{Command: []string{"plain"}, Dir: dir, Env: map[string]string{"PATH": ".:"}},
			`program "plain" not found in the run's PATH (.:)`},
		{"in PATH, not executable", job.Exec{Command: []string{"plain"}, Env: map[string]string{"PATH": "/a:" + dir}},
			`program "` + plain + `" is not executable (its mode is -rw-r--r--)`},
		{"not executable", job.Exec{Command: []string{"./plain"}, Dir: dir},
			`program "` + plain + `" is not executable (its mode is -rw-r--r--)`},
		{"no such file", job.Exec{Command: []string{"./no-such"}, Dir: dir},
			`program "` + dir + `/no-such" does not exist on this node`},
		{"a directory", job.Exec{Command: []string{dir}},
			`program "` + dir + `" is a directory`},
		{"no such interpreter", job.Exec{Command: []string{file("lost", "#!/no/such\n", 0o755)}},
			`"` + dir + `/lost" exists, but the interpreter that it names does not`},
		{"no interpreter", job.Exec{Command: []string{file("text", "echo hello\n", 0o755)}},
			`"` + dir + `/text" is not a program for this system; a script begins with a line such as #!/bin/sh`},
		{"no such working directory", job.Exec{Command: []string{"true"}, Dir: "/no/such"},
			`working directory "/no/such" does not exist on this node`},
		{"working directory is a file", job.Exec{Command: []string{"true"}, Dir: plain},
			`working directory "` + plain + `" is not a directory`},
		{"no command", job.Exec{},
			`the command is empty`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := execPool().Execute(t.Context(), attempt(&tt.work))
			if diff := cmp.Diff(job.Result{Outcome: job.Failed, Error: tt.want}, res); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
		})
	}
}

// It runs alone: it measures what the whole process allocates.
func TestExecMemoryIsFlatUnderAFlood(t *testing.T) {
	a := execAttempt(os.Args[0])
	a.Definition.Work.(*job.Exec).Env[helperEnv] = "flood"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res := execPool().Execute(t.Context(), a)
	runtime.ReadMemStats(&after)

	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("allocated %d bytes for a flood of 200 MB, want at most 4 MiB", got)
	}
	first, rest, _ := strings.Cut(res.Output, "\n")
	total := floodLines*len(floodLine) + len("end\n")
	if want := "[pgdue dropped the first " + strconv.Itoa(total-len(rest)) + " bytes]"; first != want {
		t.Errorf("first line %q, want %q", first, want)
	}
	if len(res.Output) > 64<<10 || len(res.Output) < 63<<10 {
		t.Errorf("kept %d bytes of a failure's output, want just under 64 KiB", len(res.Output))
	}
	if !strings.HasSuffix(res.Output, floodLine+"end\n") {
		t.Errorf("output ends in %q, want the end of what was printed", res.Output[len(res.Output)-60:])
	}
}

func TestExecKeepsLessOfASuccess(t *testing.T) {
	t.Parallel()
	res := execPool().Execute(t.Context(), execAttempt("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x"))
	if len(res.Output) > 4<<10 || len(res.Output) < 3<<10 {
		t.Errorf("kept %d bytes of a success's output, want just under 4 KiB", len(res.Output))
	}
}

func TestExecManyAtOnce(t *testing.T) {
	t.Parallel()
	const runs = 60
	results := make(chan job.Result)
	pool := execPool()
	for i := range runs {
		go func() { results <- pool.Execute(context.Background(), execAttempt("sh", "-c", fmt.Sprint("exit ", i))) }()
	}
	codes := map[int]bool{}
	for range runs {
		res := <-results
		if res.Status == nil {
			t.Fatalf("a run did not start: %s", res.Error)
		}
		codes[*res.Status] = true
	}
	if len(codes) != runs {
		t.Errorf("%d different exit codes of %d runs", len(codes), runs)
	}
}

// writeFile writes a file while no test forks: a child would hold it open for writing until it is a program of its own,
// and a script that is open for writing cannot be started (golang/go#22315).
func writeFile(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return name
}
