package tests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// bounced is the local server whose nodes come through a PgBouncer.
type bounced struct {
	local
	program string
}

func (b bounced) forNodes(t testing.TB, db *pgxpool.Config) *pgxpool.Config {
	t.Helper()
	return storetest.Config(t, storetest.PgBouncer(t, b.program, db.ConnConfig.ConnString()))
}

// pgBouncer returns where PgBouncer is. Where there is none it says so loudly, or fails.
func pgBouncer(t *testing.T) (program string, found bool) {
	t.Helper()
	program, required, err := storetest.FindPgBouncer()
	if err != nil && required {
		t.Fatal(err)
	}
	if err != nil {
		shout("NO PGBOUNCER, SO " + t.Name() + " TRIES NOTHING: " + err.Error())
	}
	return program, err == nil
}

// TestWorksBehindPgBouncer runs the integration cases on nodes that know nothing of a PgBouncer before their database.
func TestWorksBehindPgBouncer(t *testing.T) {
	t.Parallel()
	if program, found := pgBouncer(t); found {
		integrate(t, bounced{program: program})
	}
}

// A PgBouncer is recognised by what it does: only where it shares sessions is nothing listened for.
func TestPgBouncerIsRecognised(t *testing.T) {
	t.Parallel()
	program, found := pgBouncer(t)
	if !found {
		return
	}
	for mode, want := range map[string]store.Pooler{
		"transaction": store.PoolerTransaction, "session": store.PoolerNone,
	} {
		direct := storetest.EmptyURL(t)
		url := storetest.PgBouncer(t, program, direct, "pool_mode = "+mode)
		s := storetest.OpenURL(t, url)
		if s.Pooler() != want || s.Listens() != (want == store.PoolerNone) {
			t.Errorf("pool_mode %s: taken for %s, listens: %v", mode, s.Pooler(), s.Listens())
		}
		if err := s.Migrate(t.Context(), quiet()); (err == nil) != (want == store.PoolerNone) {
			t.Errorf("pool_mode %s: migrate: %v", mode, err)
		}
	}
}

// Nodes behind a PgBouncer that are told where to listen hear of edits.
func TestListensBesidePgBouncer(t *testing.T) {
	t.Parallel()
	program, found := pgBouncer(t)
	if !found {
		return
	}
	direct := storetest.URL(t)
	pooled := storetest.PgBouncer(t, program, direct)
	open := func(notifyURL string) *store.Store {
		s, err := store.Open(t.Context(), pooled, store.Access{NotifyURL: notifyURL})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	s := open(direct)
	if err := s.CheckListen(t.Context()); err != nil {
		t.Error(err)
	}
	called := make(chan struct{}, 10)
	go s.Listen(t.Context(), map[string]func(){job.KindExec.Name: func() { called <- struct{}{} }})
	<-called // it listens
	if _, err := s.Add(t.Context(), storetest.Job(t, "now", `{"type":"date"}`), job.Author{}); err != nil {
		t.Fatal(err)
	}
	<-called
	for _, wrong := range []string{pooled, storetest.EmptyURL(t)} {
		err := open(wrong).CheckListen(t.Context())
		if err == nil || !strings.Contains(err.Error(), "--notify-database-url") ||
			!strings.Contains(err.Error(), "PostgreSQL server's own address") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// Where a PgBouncer lets in no more clients, a node gives up what idles in its pools for its lease.
func TestLeaseHasFirstCallOnPgBouncer(t *testing.T) {
	t.Parallel()
	program, found := pgBouncer(t)
	if !found {
		return
	}
	const clients = 4
	pooled := storetest.PgBouncer(t, program, storetest.NewURL(t), fmt.Sprintf("max_client_conn = %d", clients))
	s := storetest.OpenURL(t, pooled) // with one connection in the pool
	for range clients - 1 {
		storetest.Conn(t, pooled)
	}
	n := job.Node{ID: uuid.New(), Name: "web-1", Queues: []string{job.KindExec.Name}, Version: "test"}
	if err := s.Register(t.Context(), n); err != nil {
		t.Error("the node has no lease: ", err)
	}
}
