package store_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Every session of a node says in pg_stat_activity whose it is.
func TestSessionsCarryTheNodesName(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	tick(t, newNode(t, s, &work{})) // registers on a connection of its own
	named := storetest.Query[int](t, conn, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name LIKE 'pgdue %:' || $1`, fmt.Sprint(os.Getpid()))
	all := storetest.Query[int](t, conn, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)
	if named != all || named < 2 {
		t.Errorf("%d of %d sessions carry the name", named, all)
	}
}

// The name fits into PostgreSQL's 63 bytes, and keeps what tells hosts of one template apart, and the process.
func TestSessionName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60) + "-7d4b9-x2x9z:4711"
	for process, want := range map[string]string{
		"web-1:4711": "pgdue web-1:4711",
		long:         "pgdue " + long[len(long)-57:],
	} {
		if got := store.SessionName(process); got != want || len(got) > 63 {
			t.Errorf("%s: %s", process, got)
		}
	}
}

// rollbacks collects the statements that end a transaction in vain.
type rollbacks struct {
	mu   sync.Mutex
	said []string
}

func (r *rollbacks) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasPrefix(strings.ToLower(d.SQL), "rollback") {
		r.said = append(r.said, d.SQL)
	}
	return ctx
}

func (r *rollbacks) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A node that has nothing to do rolls nothing back: the count of rollbacks is what a DBA takes for trouble.
func TestIdleNodeRollsNothingBack(t *testing.T) {
	t.Parallel()
	config := storetest.Config(t, storetest.URL(t))
	r := &rollbacks{}
	config.ConnConfig.Tracer = r
	s := storetest.OpenConfig(t, config)
	n := newNode(t, s, &work{})
	me := registered(t, s, "me")
	for range 3 {
		tick(t, n)
		_, err := s.Beat(t.Context(), me.ID)
		if _, _, err2 := s.NextDue(t.Context(), []string{job.KindExec.Name}); err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if _, err := s.Gauges(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.said) > 0 {
		t.Errorf("%d times: %v", len(r.said), r.said)
	}
}
