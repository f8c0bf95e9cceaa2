package tests

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/pgdue/pgdue/internal/storetest"
)

const (
	// requireDocker is the variable that makes a missing Docker engine a failure.
	requireDocker = "PGDUE_TEST_REQUIRE_DOCKER"
	// dockerAnswers bounds the wait for a Docker engine; testcontainers' own look for one has no limit.
	dockerAnswers = 5 * time.Second
	// containerStarts bounds the start of a container, with the download of its image where it is not there yet.
	containerStarts = 3 * time.Minute

	postgresPort = "5432/tcp"
)

// server is a PostgreSQL server as the integration cases use it.
type server interface {
	// database makes an empty database that is the test's own.
	database(t testing.TB) *pgxpool.Config
	// migrated is database with our schema in it.
	migrated(t testing.TB) *pgxpool.Config
	// forNodes is how nodes reach such a database.
	forNodes(t testing.TB, db *pgxpool.Config) *pgxpool.Config
	// outage takes a database away, with all its sessions, calls during, and brings it back.
	outage(t testing.TB, db *pgxpool.Config, during func())
}

// docker says why no Docker engine can be used, or returns nil.
func docker() error {
	answer := make(chan error, 1)
	go func() {
		provider, err := testcontainers.NewDockerProvider()
		if err == nil {
			err = provider.Health(context.Background())
		}
		answer <- err
	}()
	select {
	case err := <-answer:
		return err
	case <-time.After(dockerAnswers):
		return fmt.Errorf("no answer within %s", dockerAnswers)
	}
}

// dockerRequired says whether a missing Docker engine is a failure.
func dockerRequired() bool {
	v := os.Getenv(requireDocker)
	return v != "" && v != "0"
}

// container is a PostgreSQL server in a container of its own.
type container struct {
	*postgres.PostgresContainer
	published atomic.Pointer[string] // host:port, another one after each start
	databases atomic.Int64
}

// startContainer starts PostgreSQL of a major version, and removes it when the test ends.
func startContainer(t *testing.T, major int) *container {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), containerStarts)
	defer cancel()
	image := fmt.Sprintf("postgres:%d-alpine", major)
	run, err := postgres.Run(ctx, image, testcontainers.WithWaitStrategyAndDeadline(containerStarts,
		wait.ForSQL(postgresPort, "pgx", func(host string, port network.Port) string {
			return fmt.Sprintf("postgres://postgres:postgres@%s/postgres?sslmode=disable",
				net.JoinHostPort(host, port.Port()))
		})))
	testcontainers.CleanupContainer(t, run)
	if err != nil {
		t.Fatalf("a Docker engine answers, but %s does not start: %v; try `docker run --rm -e POSTGRES_PASSWORD=x %s`",
			image, err, image)
	}
	c := &container{PostgresContainer: run}
	c.findPort(t)
	conn := storetest.Connect(t, c.config(t, "postgres"))
	if got := storetest.Query[int](t, conn, "SELECT current_setting('server_version_num')::int / 10000"); got != major {
		t.Fatalf("%s holds PostgreSQL %d", image, got)
	}
	return c
}

// findPort reads where the server's port is published.
func (c *container) findPort(t testing.TB) {
	t.Helper()
	address, err := c.PortEndpoint(t.Context(), postgresPort, "")
	if err != nil {
		t.Fatal(err)
	}
	c.published.Store(&address)
}

// config is that of a database, whose address stays right when a restart publishes another port.
func (c *container) config(t testing.TB, database string) *pgxpool.Config {
	t.Helper()
	config := storetest.Config(t, "postgres://postgres:postgres@localhost/"+database+"?sslmode=disable")
	config.ConnConfig.DialFunc = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, *c.published.Load())
	}
	return config
}

func (c *container) database(t testing.TB) *pgxpool.Config {
	t.Helper()
	name := fmt.Sprintf("case_%d", c.databases.Add(1))
	storetest.Exec(t, storetest.Connect(t, c.config(t, "postgres")), "CREATE DATABASE "+name+" TEMPLATE template0")
	return c.config(t, name)
}

func (c *container) migrated(t testing.TB) *pgxpool.Config {
	t.Helper()
	db := c.database(t)
	if err := storetest.OpenConfig(t, db).Migrate(t.Context(), quiet()); err != nil {
		t.Fatal(err)
	}
	return db
}

func (c *container) forNodes(_ testing.TB, db *pgxpool.Config) *pgxpool.Config { return db }

// outage restarts the whole server.
func (c *container) outage(t testing.TB, _ *pgxpool.Config, during func()) {
	t.Helper()
	if err := c.Stop(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	during()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.findPort(t)
}

// local is the server of package storetest, which other tests use at the same time.
type local struct{}

func (local) database(t testing.TB) *pgxpool.Config {
	t.Helper()
	return storetest.Config(t, storetest.EmptyURL(t))
}

func (local) migrated(t testing.TB) *pgxpool.Config {
	t.Helper()
	return storetest.Config(t, storetest.NewURL(t))
}

func (local) forNodes(_ testing.TB, db *pgxpool.Config) *pgxpool.Config { return db }

// outage closes the database and ends its sessions; to them that is what a fast shutdown of the server is.
func (local) outage(t testing.TB, db *pgxpool.Config, during func()) {
	t.Helper()
	admin := storetest.Conn(t, storetest.URL(t))
	name := db.ConnConfig.Database
	storetest.Exec(t, admin, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	storetest.Exec(t, admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	during()
	storetest.Exec(t, admin, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
}
