package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/pgdue/pgdue/internal/job"
)

// Exec runs programs. The package comment says when a program has ended and what escapes.
type Exec struct {
	// URL of the HTTP API, for the work's PGDUE_URL; "": the work is not told.
	URL string
	// As is the user as whom programs run; nil: the node's. Only root may become another.
	As *Account
}

func (x *Exec) queues() []string { return []string{job.KindExec.Name} }

// run runs the program of an attempt.
func (x *Exec) run(ctx context.Context, a *job.Attempt) *end {
	e := new(end)
	p, err := x.program(a)
	if err != nil {
		e.err = err
		return e
	}
	t, err := startTree(p, a.MayBegin, a.Tell, &e.output)
	switch {
	case errors.Is(err, errNotBegun):
		e.notBegun = true
		return e
	case err != nil:
		e.err = explainStart(p.Path, err)
		return e
	}
	ended, err := t.wait(ctx)
	if err != nil {
		e.err = explainStart(p.Path, err)
		return e
	}
	e.stopped = ended.Stopped
	if ended.Left != "" {
		e.output.note("pgdue ended processes that the program left running: " + ended.Left)
	}
	e.status, e.err = exitOf(ended.Status)
	return e
}

// program is that of a as it will be started, or what is wrong with it.
func (x *Exec) program(a *job.Attempt) (*program, error) {
	work := a.Definition.Work.(*job.Exec)
	if len(work.Command) == 0 {
		return nil, errors.New("the command is empty")
	}
	if err := checkDir(work.Dir); err != nil {
		return nil, err
	}
	env := environment(a, x.URL, x.As)
	path, err := findProgram(work.Command[0], work.Dir, env["PATH"])
	if err != nil {
		return nil, err
	}
	return &program{Path: path, Args: work.Command, Env: assignments(env), Dir: work.Dir,
		Name: fmt.Sprintf("%s/%s/%d", a.JobID, a.RunID, a.Attempt), Grace: a.Definition.EffectiveKillGrace(),
		Timeout: a.Definition.EffectiveTimeout(), As: x.As}, nil
}

func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("working directory %q does not exist on this node", dir)
	case err != nil:
		return fmt.Errorf("working directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("working directory %q is not a directory", dir)
	}
	return nil
}

// explainStart says what a person can do about a program that was found and did not start.
func explainStart(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%q is not a program for this system; a script begins with a line such as #!/bin/sh", path)
	case errors.Is(err, errSupervisorDied):
		return err
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%q exists, but the interpreter that it names does not", path)
	}
	return fmt.Errorf("start: %w", err)
}

// exitOf is the exit code and error of a program that has ended; the code is nil when a signal killed it.
func exitOf(status syscall.WaitStatus) (*int, error) {
	if status.Signaled() {
		return nil, fmt.Errorf("killed by signal %s", signalName(status.Signal()))
	}
	code := status.ExitStatus()
	if code != 0 {
		return &code, fmt.Errorf("exit status %d", code)
	}
	return &code, nil
}

// signalNames are the signals that programs commonly die of; syscall has texts for them only ("killed").
var signalNames = map[syscall.Signal]string{
	syscall.SIGABRT: "SIGABRT", syscall.SIGALRM: "SIGALRM", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE",
	syscall.SIGHUP: "SIGHUP", syscall.SIGILL: "SIGILL", syscall.SIGINT: "SIGINT", syscall.SIGKILL: "SIGKILL",
	syscall.SIGPIPE: "SIGPIPE", syscall.SIGQUIT: "SIGQUIT", syscall.SIGSEGV: "SIGSEGV", syscall.SIGSYS: "SIGSYS",
	syscall.SIGTERM: "SIGTERM", syscall.SIGTRAP: "SIGTRAP", syscall.SIGUSR1: "SIGUSR1", syscall.SIGUSR2: "SIGUSR2",
	syscall.SIGXCPU: "SIGXCPU", syscall.SIGXFSZ: "SIGXFSZ",
}

func signalName(sig syscall.Signal) string {
	return cmp.Or(signalNames[sig], fmt.Sprintf("%d (%s)", int(sig), sig))
}
