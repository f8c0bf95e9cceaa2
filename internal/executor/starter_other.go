//go:build unix && !linux

package executor

import (
	"os/exec"
	"syscall"
)

// start starts cmd, if it may begin. There is no parent-death signal here: when this process is killed, its work goes
// on uncounted.
func start(cmd *exec.Cmd, mayBegin func() bool) error {
	if !mayBegin() {
		return errNotBegun
	}
	return cmd.Start()
}

// groupWorks says whether a process of the group is left.
func groupWorks(id int) bool { return syscall.Kill(-id, 0) == nil }
