package devpg

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// temporaryPrefix begins the names of temporary data directories.
const temporaryPrefix = "pgdue-postgres-"

// memoryDir is a directory in memory with room for clusters of tests, "" where there is none: a container's has 64 MiB.
// To make and drop databases there costs half of what it does on a disk.
func memoryDir() string {
	const dir, room = "/dev/shm", 4 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < room || syscall.Access(dir, 2|1) != nil {
		return ""
	}
	sweep(dir, time.Now().Add(-time.Hour))
	return dir
}

// sweep removes the temporary data directories in dir that were made before a time by processes of our user that were
// killed: memory is not for litter. Who lives holds its lock.
func sweep(dir string, before time.Time) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.IsDir() || !strings.HasPrefix(e.Name(), temporaryPrefix) ||
			info.ModTime().After(before) ||
			int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
			continue
		}
		home := filepath.Join(dir, e.Name())
		lock, err := os.Open(filepath.Join(home, "lock"))
		if err != nil {
			continue
		}
		if tryLock(lock) == nil {
			os.RemoveAll(home)
		}
		unlock(lock)
	}
}
