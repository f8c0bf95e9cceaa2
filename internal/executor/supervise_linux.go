package executor

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A supervisor is this same program, started once more for each attempt that runs a program. It is the reaper of all
// that the attempt starts (prctl(2), PR_SET_CHILD_SUBREAPER), wherever that goes: a process whose parent ends becomes a
// child of the supervisor, also one that left its group or session. So the supervisor knows when nothing is left,
// namely when it has no child, and can kill all of it. It does so when it is told to, when the program has ended, and
// when its control pipe closes, which is how it learns of the node's death.
//
// Its own death the program does not survive (PR_SET_PDEATHSIG), but what the program has started may, unless there is
// a control group to kill (cgroup_linux.go).

// supervisorName is argv[0] of a supervisor.
const supervisorName = "pgdue-supervisor"

// What a node writes to a supervisor after the program, and where each finds the other.
const (
	begin = "begin\n"
	stop  = "stop\n"

	controlFile = 3
	reportFile  = 4
)

// late is how much later than the node the supervisor finds that the timeout is over.
const late = 2 * time.Second

// A process of this name is nothing but a supervisor, whatever binary it is of: commands, nodes, tests. Whoever forgot
// to call this first would start its own kind again and again instead.
func init() {
	if os.Args[0] == supervisorName {
		os.Exit(supervise())
	}
}

// supervisor watches one program. Its thread is the main one, which lives as long as the process: the parent-death
// signal comes with the end of the thread that started the program (golang/go#27505).
type supervisor struct {
	program program
	orders  <-chan string // closed when the node has gone
	reports *json.Encoder
	group   *controlGroup // nil: there is none

	leader      int           // pid of the program
	leaderEnded chan struct{} // closed when it is reaped
	status      syscall.WaitStatus
	empty       chan struct{} // closed when nothing is left

	troubled map[int]bool // pids of which was told that they cannot be killed
}

func supervise() (code int) {
	syscall.CloseOnExec(controlFile)
	syscall.CloseOnExec(reportFile)
	// Caught, not ignored: what is ignored stays so in the program.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	s := &supervisor{reports: json.NewEncoder(os.NewFile(reportFile, "reports")), leaderEnded: make(chan struct{}),
		empty: make(chan struct{}), troubled: map[int]bool{}}
	control := bufio.NewReader(os.NewFile(controlFile, "control"))
	text, err := control.ReadBytes('\n')
	if err != nil || json.Unmarshal(text, &s.program) != nil {
		return 1
	}
	if order, err := control.ReadString('\n'); err != nil || order != begin {
		return 0 // the node may not begin it any more, or is dead
	}
	s.orders = ordersFrom(control)
	if err := s.start(); err != nil {
		s.reports.Encode(report{Errno: errnoOf(err)})
		return 0
	}
	s.reports.Encode(report{Ending: s.watch()})
	s.group.remove()
	return 0
}

// ordersFrom reads orders as they come.
func ordersFrom(control *bufio.Reader) <-chan string {
	orders := make(chan string)
	go func() {
		defer close(orders)
		for {
			order, err := control.ReadString('\n')
			if err != nil {
				return
			}
			orders <- order
		}
	}()
	return orders
}

func errnoOf(err error) syscall.Errno {
	if errno, ok := err.(syscall.Errno); ok {
		return errno
	}
	return syscall.EINVAL
}

// start starts the program as leader of a group of its own.
func (s *supervisor) start() (err error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	null, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	attr := &syscall.ProcAttr{Dir: s.program.Dir, Env: s.program.Env, Files: []uintptr{uintptr(null), 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: s.program.As.credential()}}
	if s.group = newControlGroup(); s.group != nil {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, s.group.fd
		if s.leader, _, err = syscall.StartProcess(s.program.Path, s.program.Args, attr); err == nil {
			go s.reap()
			return nil
		}
		s.group.remove() // and without
		s.group, attr.Sys.UseCgroupFD = nil, false
	}
	if s.leader, _, err = syscall.StartProcess(s.program.Path, s.program.Args, attr); err != nil {
		return err
	}
	go s.reap()
	return nil
}

// reap waits for everything until nothing is left.
func (s *supervisor) reap() {
	defer close(s.empty)
	var leader sync.Once
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil: // ECHILD
			return
		case pid == s.leader:
			leader.Do(func() { s.status = status; close(s.leaderEnded) })
		}
	}
}

// watch returns when nothing of the program is left.
func (s *supervisor) watch() *ending {
	var e ending
	var over <-chan time.Time
	if s.program.Timeout > 0 {
		over = time.After(s.program.Timeout + late)
	}
	select {
	case <-s.leaderEnded:
	case <-s.orders: // or the node has gone
	case <-over:
	}
	if s.byItself() {
		if !s.emptyWithin(settle) {
			e.Left = s.stop()
		}
	} else {
		e.Stopped = s.stop()
	}
	<-s.empty
	e.Status = s.status
	return &e
}

// byItself says whether the program has ended: what was done when it was told to stop counts.
func (s *supervisor) byItself() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, s.leader, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	switch {
	case err != nil: // it is reaped, and this closed or about to be
		<-s.leaderEnded
		return true
	case info.Signo != 0:
		<-s.leaderEnded
		return true
	}
	return false
}

// stop ends all that is left and says with which signals. A node that has gone leaves no time for SIGTERM.
func (s *supervisor) stop() string {
	if !s.gone() {
		s.signal(syscall.SIGTERM)
		s.signal(syscall.SIGCONT) // a process that is halted would not see the SIGTERM
		if s.emptyWithin(s.program.Grace) {
			return bySIGTERM
		}
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		s.group.kill()
		s.kill() // what hangs in the kernel, or is another user's, still runs, so its instance counts
		select {
		case <-s.empty:
			return bySIGKILL + s.inSpiteOf()
		case <-time.After(pause):
		}
	}
}

// gone says whether the node has gone.
func (s *supervisor) gone() bool {
	select {
	case _, open := <-s.orders:
		return !open
	default:
		return false
	}
}

// emptyWithin waits until nothing is left, for at most d, and no longer than there is a node, and says whether that is
// so.
func (s *supervisor) emptyWithin(d time.Duration) bool {
	over := time.After(d)
	for {
		select {
		case <-s.empty:
			return true
		case <-over:
			return false
		case _, open := <-s.orders:
			if !open {
				return false
			}
		}
	}
}

// signal sends a signal to everything that is left.
func (s *supervisor) signal(sig syscall.Signal) {
	for _, p := range descendants(os.Getpid()) {
		_ = syscall.Kill(p.pid, sig) // it may have ended meanwhile
	}
}

// kill kills everything that is left, and tells of what it may not kill.
func (s *supervisor) kill() {
	for _, p := range descendants(os.Getpid()) {
		if err := syscall.Kill(p.pid, syscall.SIGKILL); err == syscall.EPERM && !s.troubled[p.pid] {
			s.troubled[p.pid] = true
			s.reports.Encode(report{Trouble: fmt.Sprintf("process %d (%s) runs as user %d and cannot be stopped "+
				"by this node's "+
				"user, %d: end it by hand", p.pid, p.command, p.user, os.Getuid())})
		}
	}
}

// inSpiteOf tells of what could not be killed, and ended at last.
func (s *supervisor) inSpiteOf() string {
	if len(s.troubled) == 0 {
		return ""
	}
	pids := make([]string, 0, len(s.troubled))
	for pid := range s.troubled {
		pids = append(pids, fmt.Sprint(pid))
	}
	return fmt.Sprintf(", which was not permitted for process %s of another user until it ended",
		strings.Join(pids, ", "))
}
