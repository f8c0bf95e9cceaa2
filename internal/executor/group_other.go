//go:build unix && !linux

package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// tree is a program that was started as leader of its own process group, and all that it started in this group. What
// leaves the group escapes, and goes on when the node is killed.
type tree struct {
	id      int           // pid of the leader and number of the group
	ended   chan struct{} // closed when the leader has ended and is reaped
	state   *os.ProcessState
	grace   time.Duration
	read    chan struct{} // closed when output has all that was printed
	outputs *os.File      // our end of the pipe that is the program's stdout and stderr
}

const forever time.Duration = math.MaxInt64

// startTree starts p as leader of a new group, if it may begin: errNotBegun. stdin is /dev/null; stdout and stderr, in
// the order in which they are written, go to output, which nothing may read before wait has returned.
func startTree(p *program, mayBegin func() bool, _ func(string), output io.Writer) (*tree, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe for the output: %w", err)
	}
	defer w.Close()
	cmd := &exec.Cmd{Path: p.Path, Args: p.Args, Env: p.Env, Dir: p.Dir, Stdout: w, Stderr: w,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Credential: p.As.credential()}}
	if !mayBegin() {
		r.Close()
		return nil, errNotBegun
	}
	if err := cmd.Start(); err != nil {
		r.Close()
		return nil, err
	}
	g := &tree{grace: p.Grace, id: cmd.Process.Pid, ended: make(chan struct{}), read: make(chan struct{}), outputs: r}
	go func() {
		defer close(g.ended)
		cmd.Wait() // its error says what g.state says; stdout is a file, so it waits for the process only
		g.state = cmd.ProcessState
	}()
	go func() {
		defer close(g.read)
		io.Copy(output, r) // ends with the last writer, or at the deadline that wait sets
	}()
	return g, nil
}

// wait returns when nothing of the group is left, after ctx has ended at the latest.
func (g *tree) wait(ctx context.Context) (e ending, err error) {
	select {
	case <-ctx.Done():
		if errors.Is(syscall.Kill(g.id, 0), syscall.ESRCH) {
			<-g.ended // the leader is reaped, and this is about to be closed
		}
	case <-g.ended:
	}
	select {
	case <-g.ended: // also when ctx has ended too: work that was done counts
		if !g.emptyWithin(ctx, settle) {
			e.Left = g.stop(g.grace)
		}
	default:
		e.Stopped = g.stop(g.grace)
	}
	g.finishReading()
	e.Status = g.state.Sys().(syscall.WaitStatus)
	return e, nil
}

// stop ends the group and says with which signals.
func (g *tree) stop(grace time.Duration) string {
	g.signal(syscall.SIGTERM)
	g.signal(syscall.SIGCONT) // a process that is halted would not see the SIGTERM
	if g.emptyWithin(context.Background(), grace) {
		return bySIGTERM
	}
	g.signal(syscall.SIGKILL)
	g.emptyWithin(context.Background(), forever) // what hangs in the kernel still runs, so its instance counts
	return bySIGKILL
}

// signal reaches all of the group. The group may have ended meanwhile, so errors say nothing. Then its number is free
// for others, but the kernel hands out numbers in turn, and between our look and the signal it cannot come round.
func (g *tree) signal(sig syscall.Signal) { _ = syscall.Kill(-g.id, sig) }

// emptyWithin waits until nothing of the group is left, for at most d and until ctx ends, and says whether that is so.
func (g *tree) emptyWithin(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	ended := g.ended
	for pause := time.Millisecond; !g.empty(); pause = min(2*pause, 100*time.Millisecond) {
		select {
		case <-ended:
			ended = nil // look at once, and no more often than the pauses say from now on
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// empty says whether the leader has ended and no process of the group is left.
func (g *tree) empty() bool {
	select {
	case <-g.ended:
	default:
		return false
	}
	return syscall.Kill(-g.id, 0) != nil
}

// finishReading reads what is still in the pipe of an empty group.
func (g *tree) finishReading() {
	g.outputs.SetReadDeadline(time.Now().Add(drain)) // pipes have deadlines
	<-g.read
	g.outputs.Close()
}
