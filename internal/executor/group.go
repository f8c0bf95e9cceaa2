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

// group is a program that was started as leader of its own process group, and all that it started in this group.
type group struct {
	id      int           // pid of the leader and number of the group
	ended   chan struct{} // closed when the leader has ended and is reaped
	state   *os.ProcessState
	read    chan struct{} // closed when output has all that was printed
	outputs *os.File      // our end of the pipe that is the program's stdout and stderr
}

const (
	// settle is how long processes that outlive the leader may take to end by themselves, as a tee at the end of a pipe
	// does, before they are stopped.
	settle = 500 * time.Millisecond
	// drain is how long the output of an empty group is read; only a process that left the group keeps it open.
	drain = time.Second

	forever time.Duration = math.MaxInt64
)

// startGroup starts cmd as leader of a new group, with stdin from /dev/null and its stdout and stderr, in the order in
// which they are written, going to output. Nothing may read output before wait has returned. errNotBegun: it may not.
func startGroup(cmd *exec.Cmd, mayBegin func() bool, output io.Writer) (*group, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe for the output: %w", err)
	}
	defer w.Close()
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := start(cmd, mayBegin); err != nil {
		r.Close()
		return nil, err
	}
	g := &group{id: cmd.Process.Pid, ended: make(chan struct{}), read: make(chan struct{}), outputs: r}
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

// wait returns when nothing of the group is left. If ctx ended before the leader did, stopped says which signals ended
// the group; if the leader ended by itself, left says which signals ended what it had left behind.
func (g *group) wait(ctx context.Context, grace time.Duration) (stopped, left string) {
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
			left = g.stop(grace)
		}
	default:
		stopped = g.stop(grace)
	}
	g.finishReading()
	return stopped, left
}

// stop ends the group and says with which signals.
func (g *group) stop(grace time.Duration) string {
	g.signal(syscall.SIGTERM)
	g.signal(syscall.SIGCONT) // a process that is halted would not see the SIGTERM
	if g.emptyWithin(context.Background(), grace) {
		return "SIGTERM"
	}
	g.signal(syscall.SIGKILL)
	g.emptyWithin(context.Background(), forever) // what hangs in the kernel still runs, so its instance counts
	return "SIGTERM, then SIGKILL"
}

// signal reaches all of the group. The group may have ended meanwhile, so errors say nothing. Then its number is free
// for others, but the kernel hands out numbers in turn, and between our look and the signal it cannot come round.
func (g *group) signal(sig syscall.Signal) { _ = syscall.Kill(-g.id, sig) }

// emptyWithin waits until nothing of the group is left, for at most d and until ctx ends, and says whether that is so.
func (g *group) emptyWithin(ctx context.Context, d time.Duration) bool {
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

// empty says whether the leader has ended and no process of the group still works. Where the node is process 1, as in a
// container, it inherits the orphans of the group and must reap them.
func (g *group) empty() bool {
	select {
	case <-g.ended:
	default:
		return false
	}
	for pid := 1; pid > 0; {
		pid, _ = syscall.Wait4(-g.id, nil, syscall.WNOHANG, nil)
	}
	return !groupWorks(g.id)
}

// finishReading reads what is still in the pipe of an empty group.
func (g *group) finishReading() {
	g.outputs.SetReadDeadline(time.Now().Add(drain)) // pipes have deadlines
	<-g.read
	g.outputs.Close()
}
