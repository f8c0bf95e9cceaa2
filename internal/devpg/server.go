package devpg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one postgres process and the port that it was given.
type server struct {
	port     int
	process  *os.Process
	watchdog *watchdog
	done     chan struct{} // closed when the process has ended
	exit     error         // how; readable once done is closed
	logStart int64         // where its log begins in the file
}

// launch starts the server and returns it when it lets us in. Another program may take the port between our look and
// the server's, and the processes of a killed server may linger; both pass, so it tries again.
func (h *home) launch(ctx context.Context, install installation, c Config, password string) (*server, error) {
	remembered := h.rememberedPort()
	for deadline := time.Now().Add(predecessorPatience); ; {
		port, err := freePort(remembered)
		if err != nil {
			return nil, err
		}
		if remembered != 0 && port != remembered {
			c.Log.Warn("the cluster's port is taken, so its address changes", "port", remembered, "new_port", port)
		}
		s, err := h.try(ctx, install, c, port, password)
		if err == nil {
			return s, nil
		}
		var passing passingError
		if !errors.As(err, &passing) || time.Now().After(deadline) {
			return nil, err
		}
		c.Log.Debug("starting PostgreSQL again", "port", port, "err", err)
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (h *home) try(ctx context.Context, install installation, c Config, port int, password string) (*server, error) {
	s, err := h.spawn(ctx, install, c, port)
	if err != nil {
		return nil, err
	}
	if err = s.ready(ctx, password); err == nil {
		err = h.rememberPort(port)
	}
	if err != nil {
		err = errors.Join(err, s.stop(syscall.SIGINT))
		log := h.readLog(s.logStart)
		return nil, judge(fmt.Errorf("PostgreSQL %s on port %d, data directory %s: %w%s",
			install.version, port, h.dir, err, quoteTail(log)), log)
	}
	return s, nil
}

// passingError is a failed start that another try may turn into success.
type passingError struct{ error }

// judge tells by the server's log, which is in English because of --locale=C, whether a failure passes.
func judge(err error, log string) error {
	for _, passing := range []string{
		"could not create any TCP/IP sockets",       // somebody took the port
		"pre-existing shared memory block",          // children of a killed server
		`lock file "postmaster.pid" already exists`, // a server whose process died while it began
	} {
		if strings.Contains(log, passing) {
			return passingError{err}
		}
	}
	return err
}

// spawn starts the postgres process; it lives until it is stopped or this process dies.
func (h *home) spawn(ctx context.Context, install installation, c Config, port int) (*server, error) {
	cmd, err := h.postgres(ctx, install, c, port)
	if err != nil {
		return nil, err
	}
	log, end, err := h.openLog()
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer log.Close() // the server has its own copy
	cmd.Stdout, cmd.Stderr = log, log
	s := &server{port: port, logStart: end, done: make(chan struct{})}
	started := make(chan error)
	go s.live(cmd, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return s, nil
}

// live starts the process and waits for its end. It holds its goroutine on one operating system thread and ends that
// thread with itself, because the death of the thread that started the server is what the kernel tells the server (see
// childAttributes): on a shared thread, which the Go runtime may retire, the cluster would shut down out of the blue.
func (s *server) live(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	if err := s.begin(cmd); err != nil {
		started <- err
		return
	}
	started <- nil
	s.exit = cmd.Wait()
	if s.watchdog != nil {
		s.watchdog.stop()
	}
	close(s.done)
}

func (s *server) begin(cmd *exec.Cmd) (err error) {
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process = cmd.Process
	if !needsWatchdog {
		return nil
	}
	if s.watchdog, err = startWatchdog(cmd.Process.Pid); err != nil {
		cmd.Process.Signal(syscall.SIGQUIT)
		return errors.Join(err, cmd.Wait())
	}
	return nil
}

// postgres is the server's command. It is bound to our life and not to ctx.
func (h *home) postgres(ctx context.Context, install installation, c Config, port int) (*exec.Cmd, error) {
	settings := c.settings(port)
	args := []string{"-D", h.pgdata()}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	cmd := command(context.WithoutCancel(ctx), h.account, filepath.Join(install.bin, "postgres"), args...)
	cmd.SysProcAttr = childAttributes(h.account, syscall.SIGINT) // fast shutdown
	stale, err := h.postmasterPID()
	if err != nil {
		return nil, err
	}
	if stale != 0 {
		// The number in a stale postmaster.pid may by now be another process's, and then postgres would refuse to
		// start. This is its own way to be told which number cannot be a postmaster's.
		cmd.Env = append(cmd.Env, "PG_GRANDPARENT_PID="+strconv.Itoa(stale))
	}
	return cmd, nil
}

// stop signals the server and waits for its end, with less and less patience.
func (s *server) stop(how syscall.Signal) error {
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{how, time.Minute}, {syscall.SIGQUIT, 10 * time.Second}} {
		s.process.Signal(step.signal) // an error means that it has ended
		select {
		case <-s.done:
			return nil
		case <-time.After(step.patience):
		}
	}
	s.process.Kill()
	<-s.done
	return fmt.Errorf("PostgreSQL (process %d) did not end when asked and was killed", s.process.Pid)
}
