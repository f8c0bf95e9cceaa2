package devpg

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// logLimit is how large the server's log may have grown before a start sets it aside; one older log is kept.
const logLimit = 16 << 20

func (h *home) logFile() string { return filepath.Join(h.dir, "postgres.log") }

// openLog opens the server's log to append to it, and returns its present end.
func (h *home) openLog() (log *os.File, end int64, err error) {
	if info, err := h.root.Stat("postgres.log"); err == nil && info.Size() > logLimit {
		if err := h.root.Rename("postgres.log", "postgres.log.1"); err != nil {
			return nil, 0, err
		}
	}
	log, err = h.root.OpenFile("postgres.log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	if end, err = log.Seek(0, io.SeekEnd); err != nil {
		return nil, 0, errors.Join(err, log.Close())
	}
	return log, end, nil
}

// readLog returns what the log says from start on, at most the last 8 KiB, to be quoted in an error. A log that cannot
// be read must not hide that error.
func (h *home) readLog(start int64) string {
	log, err := h.root.Open("postgres.log")
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	if end, err := log.Seek(0, io.SeekEnd); err == nil {
		start = max(start, end-8<<10)
	}
	text, _ := io.ReadAll(io.NewSectionReader(log, start, 8<<10))
	return string(text)
}
