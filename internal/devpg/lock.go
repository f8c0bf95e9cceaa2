package devpg

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// take makes this process the only one to use the directory, until close. The kernel drops the lock with the process.
func (h *home) take() error {
	lock, err := h.root.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	if err := tryLock(lock); err != nil {
		defer lock.Close()
		return h.inUse(err)
	}
	h.lock = lock
	if err := h.signLock(); err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	return nil
}

// signLock writes our pid into the lock, for the error of whoever comes next.
func (h *home) signLock() error {
	if err := h.lock.Truncate(0); err != nil {
		return err
	}
	_, err := h.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (h *home) inUse(err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("lock the data directory %s: %w", h.dir, err)
	}
	holder, _ := h.root.ReadFile("lock")
	return fmt.Errorf("data directory %s is in use by process %s: stop that process, or give another data directory",
		h.dir, strings.TrimSpace(string(holder)))
}

// tryLock locks the file for this process, or returns EWOULDBLOCK.
func tryLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// unlock closes a locked file. Closing alone would leave the lock to a child that is just being forked, until its exec.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
