package devpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Cluster is a running PostgreSQL cluster. Its methods may be called from several goroutines.
type Cluster struct {
	// Version is PostgreSQL's, such as "15.14".
	Version string
	// DataDir is the absolute path of the data directory, temporary or not.
	DataDir string
	// LogFile is where the server's log goes.
	LogFile string
	// Bin is the directory of PostgreSQL's programs. A downloaded bundle has no psql.
	Bin string

	home     *home
	server   *server
	database string
	password string
	log      *slog.Logger
	close    func() error // once
}

// serve starts the server and makes the database.
func (h *home) serve(ctx context.Context, install installation, c Config) (*Cluster, error) {
	password, err := h.password()
	if err != nil {
		return nil, err
	}
	cluster := &Cluster{Version: install.version, DataDir: h.dir, LogFile: h.logFile(), Bin: install.bin,
		home: h, database: c.Database, password: password, log: c.Log}
	cluster.close = sync.OnceValue(cluster.shutDown)
	if cluster.server, err = h.launch(ctx, install, c, password); err != nil {
		return nil, err
	}
	if err := cluster.ensureDatabase(ctx, c.Fast); err != nil {
		return nil, errors.Join(err, cluster.server.stop(syscall.SIGINT))
	}
	return cluster, nil
}

// URL returns the address of a database of the cluster, Config.Database for "": postgres://… with the superuser's
// password, for pgx and psql alike. It stays valid over a restart unless another program took the port meanwhile.
func (c *Cluster) URL(database string) string {
	if database == "" {
		database = c.database
	}
	return databaseURL(c.server.port, c.password, database)
}

func databaseURL(port int, password, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Done returns a channel that is closed when the server has ended, be it by Close or by itself.
func (c *Cluster) Done() <-chan struct{} { return c.server.done }

// Close shuts the server down, sessions first, waits for its end, and gives the data directory free; a temporary one is
// removed. Later calls return what the first one did.
func (c *Cluster) Close() error { return c.close() }

func (c *Cluster) shutDown() error {
	how := syscall.SIGINT // fast shutdown
	if c.home.temporary {
		how = syscall.SIGQUIT // without a checkpoint: nobody will read the data again
	}
	err := errors.Join(c.server.stop(how), c.home.close())
	if err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// ensureDatabase makes the database unless it exists. By the log, the default, that takes four times as long where
// files are not synced.
func (c *Cluster) ensureDatabase(ctx context.Context, fast bool) error {
	conn, err := c.server.connect(ctx, c.password)
	if err != nil {
		return fmt.Errorf("make database %q: %w", c.database, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", c.database).Scan(&exists)
	if err == nil && !exists {
		statement := "CREATE DATABASE " + pgx.Identifier{c.database}.Sanitize()
		if fast {
			statement += " STRATEGY file_copy"
		}
		_, err = conn.Exec(ctx, statement)
	}
	if err != nil {
		return fmt.Errorf("make database %q: %w", c.database, err)
	}
	return nil
}
