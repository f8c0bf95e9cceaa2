package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the scheduler's: this test program, which is the scheduler where it is called so.
func binary(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("scheduler")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// openDir is a temporary directory that the account of a private cluster can reach, which t.TempDir is not for root.
func openDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgdue-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "cluster")
}

// process is a scheduler that runs beside the test, with all that it has printed.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	mu   sync.Mutex
	more *sync.Cond
	out  bytes.Buffer
	done bool
	seen int // what find has passed
}

func start(t testing.TB, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...)}
	p.more = sync.NewCond(&p.mu)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go p.read(r)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s:\n%s", program, strings.Join(args, " "), p.text())
		}
	})
	return p
}

func (p *process) read(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		p.mu.Lock()
		p.out.WriteString(line)
		p.done = err != nil
		p.more.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// find waits for a line that matches, after all that was found before, and returns its first group.
func (p *process) find(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	giveUp := time.AfterFunc(90*time.Second, func() { p.mu.Lock(); p.done = true; p.more.Broadcast(); p.mu.Unlock() })
	defer giveUp.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		text := p.out.String()[p.seen:]
		if m := re.FindStringSubmatchIndex(text); m != nil {
			p.seen += m[1]
			if len(m) > 2 {
				return text[m[2]:m[3]]
			}
			return text[m[0]:m[1]]
		}
		if p.done {
			p.t.Fatalf("%s did not print %q", p.cmd, pattern)
		}
		p.more.Wait()
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill() // an error means that it has ended
	p.cmd.Wait()
}

// stop is SIGTERM, after which the process must end by itself without an error.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.cmd, err)
	}
}

// output runs a command to its end, which must be good.
func output(t testing.TB, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}
