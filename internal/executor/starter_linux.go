package executor

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// starter takes programs to the thread that starts them. It is one goroutine, locked to its thread, that lives as long
// as the process, because of how Linux sends the parent-death signal (prctl(2), PR_SET_PDEATHSIG): when the *thread*
// that forked the child ends, not when its process does (golang/go#27505). The Go runtime ends threads; with them it
// would kill work at random.
var starter = sync.OnceValue(func() chan<- func() {
	starts := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range starts {
			start()
		}
	}()
	return starts
})

// start starts cmd so that it is killed when this process ends in whatever way, kill -9 included: otherwise its work
// would go on while another node takes the run over and counts it as ended. The signal reaches the leader of the group
// only, not its children, and not a program that has other rights than ours (setuid, capabilities).
//
// One thread starts all programs, one after the other; a start takes about a millisecond. Whether one may begin is
// asked when its turn has come.
func start(cmd *exec.Cmd, mayBegin func() bool) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	starter() <- func() {
		if !mayBegin() {
			started <- errNotBegun
			return
		}
		started <- cmd.Start()
	}
	return <-started
}

// groupWorks says whether a process of the group is more than a zombie. Where nobody reaps orphans, zombies stay for
// ever.
func groupWorks(id int) bool {
	if errors.Is(syscall.Kill(-id, 0), syscall.ESRCH) {
		return false
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return true // without /proc, only what kill says is known
	}
	for _, name := range stats {
		// proc(5): "pid (comm) state ppid pgrp …", where comm may hold anything. A file that is gone is a process that
		// ended.
		stat, _ := os.ReadFile(name)
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) > 2 && string(fields[2]) == strconv.Itoa(id) && !bytes.ContainsAny(fields[0], "ZX") {
			return true
		}
	}
	return false
}
