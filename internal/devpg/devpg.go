package devpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
)

// superuser is the role that owns the cluster and that URL connects as.
const superuser = "pgdue"

// Config says which cluster to run. The zero value runs a temporary one on durable settings.
type Config struct {
	// DataDir holds the cluster and survives Close; it is made when missing. "" means a temporary directory, which
	// Close removes; a process that is killed leaves it behind. DefaultDataDir is the place for a developer's cluster.
	DataDir string

	// CacheDir holds downloaded PostgreSQL bundles, and the moulds of Fast. "" means pgdue in the user's cache
	// directory, or for root /var/cache/pgdue, which the account that the server runs as can read.
	CacheDir string

	// Database is made when missing. "" means "pgdue".
	Database string

	// Fast trades durability for speed (fsync, synchronous_commit and full_page_writes off, and a temporary directory
	// in memory where there is room), and copies the cluster that an earlier call has made in place of initdb: it has
	// the password of that one. For tests.
	Fast bool

	// Settings are further server settings, such as max_connections. Port, addresses and the settings of Fast win.
	Settings map[string]string

	// Progress shows a download: a bar on a terminal, plain lines elsewhere. nil shows nothing.
	Progress io.Writer

	// Log tells what is found, waited for and healed. nil means silence.
	Log *slog.Logger
}

// Start returns a cluster that accepts connections, with the database of c in it. It is bounded by ctx and by limits of
// its own; the cluster that it returns is not bound to ctx and runs until Close or until this process ends.
//
// An error names what to do. It leaves an existing cluster as it was, and no server running.
func Start(ctx context.Context, c Config) (*Cluster, error) {
	c = c.withDefaults()
	temp := ""
	if c.Fast && c.DataDir == "" {
		temp = memoryDir()
	}
	h, err := openHome(c.DataDir, temp)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	cluster, err := h.start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, h.close()))
	}
	return cluster, nil
}

func (h *home) start(ctx context.Context, c Config) (*Cluster, error) {
	install, err := newSearch(c, h.account).find(ctx, h.major)
	if err != nil {
		return nil, h.explain(err)
	}
	c.Log.Debug("found PostgreSQL", "version", install.version, "bin", install.bin, "place", install.place)
	if h.major == 0 {
		if err := h.initdb(ctx, install, newMould(c, install)); err != nil {
			return nil, err
		}
	}
	if err := h.awaitPredecessor(ctx, c.Log); err != nil {
		return nil, err
	}
	return h.serve(ctx, install, c)
}

// explain adds to a failed search the cluster that it was for.
func (h *home) explain(err error) error {
	if h.major == 0 {
		return err
	}
	return fmt.Errorf("data directory %s holds a PostgreSQL %d cluster, which only PostgreSQL %d can run "+
		"(nothing was changed: to start afresh give another data directory): %w", h.dir, h.major, h.major, err)
}

func (c Config) withDefaults() Config {
	if c.Database == "" {
		c.Database = "pgdue"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// settings are the server's settings, given on its command line so that they win over postgresql.conf and ALTER SYSTEM.
func (c Config) settings(port int) map[string]string {
	s := maps.Clone(c.Settings)
	if s == nil {
		s = map[string]string{}
	}
	maps.Copy(s, map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    fmt.Sprint(port),
		"unix_socket_directories": "",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"log_destination":         "stderr",
		"logging_collector":       "off",
	})
	if c.Fast {
		maps.Copy(s, map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
	}
	return s
}

// DefaultDataDir is where a developer's cluster lives: $XDG_DATA_HOME/pgdue/dev (by default ~/.local/share/pgdue/dev),
// on macOS ~/Library/Application Support/pgdue/dev, and for root /var/lib/pgdue/dev, because the account that the
// server then runs as cannot enter root's home.
func DefaultDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/pgdue/dev", nil
	}
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "pgdue", "dev"), nil
	}
	base, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the data directory (set HOME, or name a data directory): %w", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(base, "Library", "Application Support", "pgdue", "dev"), nil
	}
	return filepath.Join(base, ".local", "share", "pgdue", "dev"), nil
}
