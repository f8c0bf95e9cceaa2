package tests

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// TestWorksOnEveryPostgreSQL does what the integration suite of a team does with us, on the oldest PostgreSQL that will
// do and a newer one, each in a container. Where no Docker engine answers it does the same on the server of the other
// tests.
func TestWorksOnEveryPostgreSQL(t *testing.T) {
	t.Parallel()
	if missing := docker(); missing != nil {
		if dockerRequired() {
			t.Fatalf("no Docker engine answers, and %s requires one: %v", requireDocker, missing)
		}
		shout(fmt.Sprintf("NO DOCKER ENGINE ANSWERS (%v): TestWorksOnEveryPostgreSQL runs its cases on the other "+
			"tests' PostgreSQL, not on "+
			"15 and 17 in containers. Start Docker or set DOCKER_HOST; %s=1 makes this a failure.", missing,
			requireDocker))
		integrate(t, local{})
		return
	}
	for _, major := range []int{15, 17} {
		t.Run(fmt.Sprintf("PostgreSQL %d", major), func(t *testing.T) {
			t.Parallel()
			integrate(t, startContainer(t, major))
		})
	}
}

// shout writes to stderr and to the terminal, where there is one: of a package that passes, go test shows only "ok".
func shout(message string) {
	message = "\n*** " + message + "\n\n"
	fmt.Fprint(os.Stderr, message)
	if terminal, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
		defer terminal.Close()
		fmt.Fprint(terminal, message)
	}
}

// integrate runs the cases on a server: first those that may share it, then the one that takes it away.
func integrate(t *testing.T, s server) {
	t.Run("shared", func(t *testing.T) {
		for name, run := range map[string]func(*testing.T, server){
			"migrations at once apply each once":              migrateAtOnce,
			"the migration script makes what migrate makes":   migrateByScript,
			"a date job runs once and is finished":            runDateJob,
			"an interval job runs at its times":               runIntervalJob,
			"a fire at max_instances is skipped and explains": skipAtLimit,
			"two nodes run each fire once":                    shareFires,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run(t, s)
			})
		}
	})
	t.Run("an outage of the server loses no fire", func(t *testing.T) { surviveOutage(t, s) })
}

// system is pgdue on a database of its own.
type system struct {
	db    *pgxpool.Config // of the server itself
	nodes *pgxpool.Config
	store *store.Store // as nodes have it
	rows  *pgx.Conn    // for verdicts
}

func newSystem(t *testing.T, s server) *system {
	t.Helper()
	db := s.migrated(t)
	nodes := s.forNodes(t, db)
	return &system{db: db, nodes: nodes, store: storetest.OpenConfig(t, nodes), rows: storetest.Connect(t, db)}
}

// add adds an exec job.
func (s *system) add(t *testing.T, id, triggerJSON string, maxInstances int) {
	t.Helper()
	d := storetest.Job(t, id, triggerJSON)
	d.MaxInstances = maxInstances
	if _, err := s.store.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
}

// start runs a node that does its work by e, with connections of its own. Stop ends it as SIGTERM would; the end of the
// test does so too.
func (s *system) start(t *testing.T, name string, e job.Executor) (node *scheduler.Scheduler, stop func()) {
	t.Helper()
	node = &scheduler.Scheduler{
		Store: storetest.OpenConfig(t, s.nodes), Executor: e, Log: testLog(t), Name: name, Drain: 20 * time.Second,
		Slots: 4,
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("node %s: %v", name, err)
		}
	})
	t.Cleanup(stop)
	return node, stop
}
