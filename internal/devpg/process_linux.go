package devpg

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// needsWatchdog: the kernel itself tells the server when this process has died.
const needsWatchdog = false

// childAttributes run a child as the account, in a process group of its own so that a terminal's Ctrl-C reaches only
// us, and have the kernel send it onDeath when the *thread* that started it dies (prctl(2), PR_SET_PDEATHSIG): the
// caller keeps its goroutine locked to that thread while the child lives. Changing credentials would clear the setting;
// the syscall package makes it after that, and then checks that the parent still lives.
func childAttributes(a account, onDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: a.credential(), Pdeathsig: onDeath}
}

// runsIn reports whether process pid is alive and works in directory dir, as a postmaster does in its PGDATA. Where
// /proc does not tell root the directory (a container without CAP_SYS_PTRACE), the name postgres is enough.
func runsIn(pid int, dir string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return false
	}
	// "pid (comm) state …"; comm may hold anything, also parentheses.
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open || bytes.HasPrefix(stat[end:], []byte(") Z")) {
		return false // a zombie has ended; it waits only for its parent to look
	}
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if errors.Is(err, fs.ErrPermission) {
		return string(stat[open+1:end]) == "postgres"
	}
	return err == nil && cwd == dir
}
