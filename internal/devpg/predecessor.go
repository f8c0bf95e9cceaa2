package devpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// predecessorPatience is how long a server that outlived its process may take to shut down.
const predecessorPatience = 30 * time.Second

// awaitPredecessor waits until the server of a process that died has gone. The lock is ours, so it can only be one that
// was told to shut down when its process died, or one that somebody started by hand, which is left alone.
func (h *home) awaitPredecessor(ctx context.Context, log *slog.Logger) error {
	pid, err := h.postmasterPID()
	if err != nil || !runsIn(pid, h.pgdata()) {
		return err
	}
	log.Info("waiting for the previous PostgreSQL to shut down", "pid", pid, "data_dir", h.dir)
	ctx, cancel := context.WithTimeoutCause(ctx, predecessorPatience, errPatience)
	defer cancel()
	for tick := time.Tick(50 * time.Millisecond); runsIn(pid, h.pgdata()); {
		select {
		case <-tick:
		case <-ctx.Done():
			return fmt.Errorf("data directory %s is in use by PostgreSQL process %d, which nobody here started: "+
				"stop it (kill -INT %d), or give another data directory: %w", h.dir, pid, pid, context.Cause(ctx))
		}
	}
	return nil
}

var errPatience = fmt.Errorf("waited %v for it", predecessorPatience)

// postmasterPID returns the process number in postmaster.pid, 0 when there is none. The process need not live: the file
// stays behind when the server is killed.
func (h *home) postmasterPID() (int, error) {
	text, err := os.ReadFile(filepath.Join(h.pgdata(), "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the previous server's process number: %w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if err != nil {
		return 0, nil // torn by a crash; postgres itself says so
	}
	return pid, nil
}
