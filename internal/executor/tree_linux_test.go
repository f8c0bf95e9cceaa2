package executor_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

func needSupervisor(*testing.T) {}

// family is a script that starts a process in its group and one that leaves group and session, and goes on beside them.
// Their pids are in $1, $1.child and $1.escaped.
const family = `
	sh -c 'echo $$ > "$0.new"; mv "$0.new" "$0"; trap "" TERM; while :; do sleep 0.1; done' "$1.child" &
	setsid sh -c 'echo $$ > "$0.new"; mv "$0.new" "$0"; while :; do sleep 0.1; done' "$1.escaped" &
	until test -e "$1.child" && test -e "$1.escaped"; do sleep 0.01; done
	echo $$ > "$1.new"; mv "$1.new" "$1"; while :; do sleep 0.1; done`

// alive says whether a process is there, zombies excepted.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// pidsOf are those of a family, once all are there.
func pidsOf(t *testing.T, file string) []int {
	t.Helper()
	pids := []int{pid(t, file), pid(t, file+".child"), pid(t, file+".escaped")}
	t.Cleanup(func() {
		for _, p := range pids {
			if alive(p) {
				syscall.Kill(p, syscall.SIGKILL)
			}
		}
	})
	return pids
}

// startNode starts a process that executes the family, as a node does, and waits until that is there.
func startNode(t *testing.T, timeout string) (node *exec.Cmd, family []int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pid")
	node = exec.Command(os.Args[0], file, timeout)
	node.Env = append(os.Environ(), helperEnv+"=node")
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Process.Kill(); node.Wait() })
	return node, pidsOf(t, file)
}

func wantDead(t *testing.T, pids []int) {
	t.Helper()
	eventually(t, "all processes of the run end", func() bool {
		for _, p := range pids {
			if alive(p) {
				return false
			}
		}
		return true
	})
}

// No process of a run survives its node.
func TestExecDiesWithAKilledNode(t *testing.T) {
	t.Parallel()
	node, pids := startNode(t, "1h")
	node.Process.Kill()
	node.Wait()
	wantDead(t, pids)
}

// A node that is frozen cannot stop what outlives its timeout; the supervisor does.
func TestExecTimesOutWhileItsNodeIsFrozen(t *testing.T) {
	t.Parallel()
	node, pids := startNode(t, "1s")
	node.Process.Signal(syscall.SIGSTOP)
	wantDead(t, pids)
}

// No process of a run survives its cancel, wherever it went and however it resists.
func TestExecStopsAllThatItStarted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	res, _ := cancelledWith(t, file, 50*time.Millisecond, family, job.ErrTimeout)
	if want := "its timeout of 1m0s was over: SIGTERM, then SIGKILL"; res.Error != want {
		t.Errorf("error is %q, want %q", res.Error, want)
	}
	for _, p := range pidsOf(t, file) {
		if alive(p) {
			t.Errorf("process %d goes on", p)
		}
	}
}

// The program dies with its supervisor, and the result says so.
func TestExecWhoseSupervisorIsKilled(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	done := make(chan job.Result, 1)
	go func() {
		done <- execPool().Execute(t.Context(), execAttempt("sh", "-c", ":"+ready+"exec sleep 300", "sh", file))
	}()
	program := pid(t, file)
	syscall.Kill(executor.ParentOf(program), syscall.SIGKILL)
	if res := <-done; res.Outcome != job.Failed || !strings.Contains(res.Error, "supervised the program was killed") {
		t.Errorf("%+v", res)
	}
	wantDead(t, []int{program})
}

// The environment of a supervisor, which others of its user may read, holds nothing of the node's.
func TestSupervisorKnowsNoSecrets(t *testing.T) {
	t.Parallel()
	res := execPool().Execute(t.Context(), execAttempt("sh", "-c", "tr '\\0' '\\n' < /proc/$PPID/environ"))
	if res.Outcome != job.Succeeded || strings.Contains(res.Output, "secret") ||
		!strings.Contains(res.Output, "GOMAXPROCS") {
		t.Errorf("%+v", res)
	}
}

// What the node may not kill is told at once, stays counted, and is said in the record when it has ended.
func TestExecTellsWhatItCannotKill(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("NOT TESTED: only root can make a program that a node of another user may not kill")
		return
	}
	dir, err := os.MkdirTemp("/var/tmp", "pgdue-test-") // where nobody may go
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	copies := `cd "$1" && chmod 777 . && cp "$0" node && cp "$0" rooted && chmod 755 node && chmod 4755 rooted`
	if out, err := exec.Command("sh", "-c", copies, os.Args[0], dir).CombinedOutput(); err != nil {
		t.Fatal(string(out), err)
	}
	file := filepath.Join(dir, "pid")
	node := exec.Command(filepath.Join(dir, "node"), file, filepath.Join(dir, "rooted"))
	node.Env = append(os.Environ(), helperEnv+"=unprivileged")
	node.Dir = dir
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 4096)
	n, err := out.Read(text)
	rooted := pid(t, file)
	defer syscall.Kill(rooted, syscall.SIGKILL)
	if want := fmt.Sprintf("trouble: process %d (rooted) runs as user 0 and cannot be stopped", rooted); err != nil ||
		!strings.HasPrefix(string(text[:n]), want) {
		t.Errorf("%q, %v; want %q", text[:n], err, want)
	}
	if !alive(rooted) {
		t.Error("it was killed after all")
	}
	syscall.Kill(rooted, syscall.SIGKILL)
	n, _ = out.Read(text)
	if want := fmt.Sprintf("which was not permitted for process %d of another user until it ended",
		rooted); !strings.Contains(
		string(text[:n]), want) {
		t.Errorf("the result is %q, want %q", text[:n], want)
	}
	node.Wait()
}

// A node that is process 1 leaves no zombies of what it inherits, and takes no end from who waits for it.
func TestReapOrphans(t *testing.T) {
	t.Parallel()
	node := exec.CommandContext(t.Context(), os.Args[0])
	node.Env = append(os.Environ(), helperEnv+"=first")
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Where the node may make control groups, each program is in one of its own, which is gone with it.
func TestExecInAControlGroup(t *testing.T) {
	t.Parallel()
	node := exec.CommandContext(t.Context(), os.Args[0], t.TempDir())
	node.Env = append(os.Environ(), helperEnv+"=grouped")
	node.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := node.CombinedOutput()
	if err != nil || strings.Contains(string(out), "cannot mount") {
		t.Logf("NOT TESTED: no control groups of version 2 can be made here: %v %s", err, out)
		return
	}
	its := regexp.MustCompile(`0::\S*(/pgdue-\d+)`).FindSubmatch(out)
	if its == nil || !strings.Contains(string(out), "ended processes that the program left running") {
		t.Fatalf("its group, and what became of it: %s", out)
	}
	if _, left, _ := strings.Cut(string(out), "left: "); strings.Contains(left, string(its[1])) {
		t.Errorf("the group %s is left: %s", its[1], left)
	}
}

// A node that is root runs programs as whom it was told.
func TestExecAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("NOT TESTED: only root may become another user")
		return
	}
	as := &executor.Account{Name: "nobody", Home: "/nonexistent", UID: 65534, GID: 65534, Groups: []uint32{65534}}
	pool := &executor.Pool{Kinds: []executor.Kind{&executor.Exec{As: as}}}
	res := pool.Execute(t.Context(), execAttempt("sh", "-c", "id -u; id -G; echo $HOME $USER"))
	if want := "65534\n65534\n/nonexistent nobody\n"; res.Output != want {
		t.Errorf("%+v, want %q", res, want)
	}
}
