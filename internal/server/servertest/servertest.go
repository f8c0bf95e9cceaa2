// Package servertest is the API over a real store, for the tests of what speaks to it: the handlers, the client and the
// command line. The store is on a database of the test's own, whose clock stands still at Now, and in which nothing
// fires: the row of one node says that it serves everything, and no node runs. What a test needs in the database beside
// what the API writes, it inserts itself.
//
//	test ─▶ client or scheduler ─▶ Serve ─▶ server.Server ─▶ store.Store ─▶ a migrated database
//	  └──────────────────────── SQL ───────────────────────────────────────────────┘
package servertest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/server"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/why"
)

// Now is the time at which everything happens in a database, until SetNow.
var Now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Node is the id of the only node, web-1.
const Node = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// stillClock lets the clock of a database be a row, which is at Now.
var stillClock = fmt.Sprintf(`
	CREATE SCHEMA servertest;
	CREATE TABLE servertest.clock AS SELECT timestamptz '%s' AS now;
	CREATE OR REPLACE FUNCTION pgdue.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
		AS $$ SELECT now FROM servertest.clock $$`, Now.Format(time.RFC3339Nano))

// Open returns a store on a database of the test's own, and a connection to it.
func Open(t testing.TB) (server.Store, *pgx.Conn) {
	t.Helper()
	url := storetest.PreparedURL(t, stillClock)
	conn := storetest.Conn(t, url)
	storetest.Exec(t, conn, `INSERT INTO pgdue.nodes (id, name, queues, version, started_at, beat_at)
		VALUES ($1, 'web-1', '{exec,http}', 'test', $2, $2)`, Node, Now)
	return still{storetest.OpenURL(t, url)}, conn
}

// still is a store on a database whose clock stands still. That the clock of this process differs is not told.
type still struct{ *store.Store }

func (s still) Why(ctx context.Context, id string, at time.Time) (why.Facts, error) {
	f, err := s.Store.Why(ctx, id, at)
	f.Skew = 0
	return f, err
}

// SetNow lets the clock of the database stand still at another time, at which the node is alive.
func SetNow(t testing.TB, conn *pgx.Conn, now time.Time) {
	t.Helper()
	storetest.Exec(t, conn, "UPDATE servertest.clock SET now = $1", now)
	storetest.Exec(t, conn, "UPDATE pgdue.nodes SET beat_at = pgdue.now()")
}

// Serve serves s on a loopback port until t ends.
func Serve(t testing.TB, s server.Store) (url string) {
	t.Helper()
	api := &server.Server{Store: s, Log: slog.New(slog.DiscardHandler), Version: "v0.0.0-test", Loopback: true}
	ts := httptest.NewServer(api.Handler())
	t.Cleanup(ts.Close)
	return ts.URL
}
