package devpg

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// watchdog is a shell that waits until the pipe from this process ends, which it does however this process dies, and
// then tells the server to shut down fast.
type watchdog struct {
	shell *exec.Cmd
	pipe  io.Closer
}

func startWatchdog(server int) (*watchdog, error) {
	shell := exec.Command("/bin/sh", "-c", `read -r _; kill -INT "$1"`, "pgdue-watchdog", strconv.Itoa(server))
	shell.Env = []string{"PATH=/usr/bin:/bin"}
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not end it before us
	pipe, err := shell.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the server's watchdog: %w", err)
	}
	if err := shell.Start(); err != nil {
		return nil, fmt.Errorf("start the server's watchdog: %w", err)
	}
	return &watchdog{shell: shell, pipe: pipe}, nil
}

// stop ends the watchdog without a word to the server, whose number may by now be another process's.
func (w *watchdog) stop() {
	w.shell.Process.Kill()
	w.shell.Wait() // always the kill; it also closes the pipe
}
