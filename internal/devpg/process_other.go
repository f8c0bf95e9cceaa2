//go:build !linux

package devpg

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// needsWatchdog: this kernel does not tell a child that its parent has died.
const needsWatchdog = true

// childAttributes run a child as the account, in a process group of its own so that a terminal's Ctrl-C reaches only
// us.
func childAttributes(a account, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: a.credential()}
}

// runsIn reports whether process pid is alive and named postgres. This kernel does not say in which directory it works.
func runsIn(pid int, _ string) bool {
	out, err := exec.Command("ps", "-o", "stat=,comm=", "-p", strconv.Itoa(pid)).Output()
	state, name, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	return err == nil && !strings.HasPrefix(state, "Z") && filepath.Base(strings.TrimSpace(name)) == "postgres"
}
