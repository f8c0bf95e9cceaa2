package executor

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// controlGroup is a cgroup of version 2 for one program, where the node may make one below its own, as under systemd
// with Delegate=yes. The kernel kills all of it at once, whoever its processes belong to and however fast they fork.
// A nil one does nothing.
type controlGroup struct {
	dir string
	fd  int
}

// newControlGroup makes one; nil where that is not possible.
func newControlGroup() *controlGroup {
	own := ownControlGroup()
	if own == "" {
		return nil
	}
	dir := filepath.Join(own, fmt.Sprintf("pgdue-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil
	}
	sweep(own)
	g := &controlGroup{dir: dir}
	var err error
	if g.fd, err = syscall.Open(dir, syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0); err != nil {
		os.Remove(dir)
		return nil
	}
	return g
}

// sweep removes what supervisors have left that were killed. A group in which something runs cannot be removed.
func sweep(own string) {
	dirs, _ := filepath.Glob(filepath.Join(own, "pgdue-*"))
	for _, dir := range dirs {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), "pgdue-"))
		if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			os.Remove(dir)
		}
	}
}

// ownControlGroup is the directory of the cgroup that this process is in; "" where there is none of version 2.
func ownControlGroup() string {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(own)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			if root := mountOf("cgroup2"); root != "" {
				return filepath.Join(root, path)
			}
		}
	}
	return ""
}

// mountOf is where the first file system of a type is mounted, by proc(5): "… mount-point options - type …".
func mountOf(fsType string) string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(mounts) {
		before, after, _ := strings.Cut(string(line), " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if len(fields) > 4 && len(rest) > 0 && rest[0] == fsType {
			return fields[4]
		}
	}
	return ""
}

func (g *controlGroup) kill() {
	if g != nil {
		_ = os.WriteFile(filepath.Join(g.dir, "cgroup.kill"), []byte("1"), 0) // where it fails, signals are left
	}
}

func (g *controlGroup) remove() {
	if g != nil {
		syscall.Close(g.fd)
		os.Remove(g.dir)
	}
}
