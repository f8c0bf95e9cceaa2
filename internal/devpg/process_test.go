package devpg

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// owner is a process that runs a cluster.
type owner struct {
	cmd   *exec.Cmd
	stdin io.Closer
	owned
}

// startOwner runs this binary again as the owner of the cluster in dir, under the account.
func startOwner(t *testing.T, dir string, a account) *owner {
	t.Helper()
	cmd := exec.Command(copySelf(t))
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "DEVPG_TEST_OWNER_OF="+dir, "PGDUE_PG_BIN="+sharedCluster(t).Bin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential()}
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	o := &owner{cmd: cmd, stdin: stdin}
	if err := json.NewDecoder(stdout).Decode(&o.owned); err != nil {
		t.Fatalf("the owner process printed no cluster: %v", err)
	}
	return o
}

// copySelf puts this binary where every account can run it; go test builds it where only we can.
func copySelf(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(openDir(t), "owner")
	write(t, path, string(binary), 0o755)
	return path
}

func TestServerEndsWhenItsProcessIsKilled(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	o := startOwner(t, dir, account{})
	query(t, o.URL, "CREATE TABLE kept AS SELECT 42 AS answer")
	if err := o.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	o.cmd.Wait()

	// The next start waits for it, and nothing is lost.
	c := startFast(t, Config{DataDir: dir})
	if runsIn(o.Postmaster, filepath.Join(dir, "data")) {
		t.Errorf("postmaster %d lives on", o.Postmaster)
	}
	if got := query(t, c.URL(""), "SELECT answer FROM kept"); got != "42" {
		t.Errorf("answer %q, want 42", got)
	}
	if c.URL("") != o.URL {
		t.Errorf("address %s, before the kill %s", c.URL(""), o.URL)
	}
}

func TestWatchdogStopsTheServerWhenThePipeEnds(t *testing.T) {
	t.Parallel()
	server := startSleep(t, account{})
	w, err := startWatchdog(server.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	w.pipe.Close() // as our death does
	if err := w.shell.Wait(); err != nil {
		t.Error(err)
	}
	if err := server.Wait(); err == nil || !strings.Contains(err.Error(), "interrupt") {
		t.Errorf("the server ended with %v", err)
	}
}

func TestStoppedWatchdogIsSilent(t *testing.T) {
	t.Parallel()
	server := startSleep(t, account{})
	w, err := startWatchdog(server.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	if err := server.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the server: %v", err)
	}
}

func TestKilledServerIsRecovered(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	c, err := Start(t.Context(), Config{DataDir: dir}) // durable: an asynchronous commit may be lost
	if err != nil {
		t.Fatal(err)
	}
	query(t, c.URL(""), "CREATE TABLE kept AS SELECT 42 AS answer")
	select {
	case <-c.Done():
		t.Fatal("done while it runs")
	default:
	}
	c.server.process.Kill()
	<-c.Done()
	closeCluster(t, c)
	if pid, err := c.home.postmasterPID(); err != nil || pid == 0 {
		t.Fatalf("no stale postmaster.pid: %d, %v", pid, err)
	}
	c = startFast(t, Config{DataDir: dir})
	if got := query(t, c.URL(""), "SELECT answer FROM kept"); got != "42" {
		t.Errorf("answer %q, want 42", got)
	}
}

// After a reboot, or in a container, the number in a stale postmaster.pid soon belongs to somebody else.
func TestStaleProcessNumberInUseByAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	c := startFast(t, Config{DataDir: dir})
	c.server.process.Kill()
	<-c.Done()
	closeCluster(t, c)

	file := filepath.Join(dir, "data", "postmaster.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	stranger := startSleep(t, c.home.account)
	write(t, file, itoa(stranger.Process.Pid)+"\n"+rest, 0o600)

	c = startFast(t, Config{DataDir: dir})
	if got := query(t, c.URL(""), "SELECT 1"); got != "1" {
		t.Error("the server does not answer")
	}
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the stranger: %v", err)
	}
}

// startSleep runs a process that has nothing to do with PostgreSQL.
func startSleep(t *testing.T, a account) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}
