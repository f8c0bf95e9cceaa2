package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A person sets the next run time in psql, and the job fires then; due_at follows, also out of a state that had none.
func TestNextRunTimeMendedByHand(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	add(t, s, storetest.Job(t, "mend", `{"type":"interval","every":"1h"}`))
	w := &work{}
	n := newNode(t, s, w)

	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET next_run_time = pgdue.now()")
	tick(t, n)
	finish(t, n)
	if ran := len(w.executed()); ran != 1 {
		t.Errorf("after next_run_time = now() by hand %d runs, want 1", ran)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET state = 'paused', due_at = NULL")
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET state = 'active'")
	if !storetest.Query[bool](t, conn, "SELECT due_at = next_run_time FROM pgdue.next_run_times") {
		t.Error("active again by hand, the job is not due at its next run time")
	}
}

// Values that no node could read are refused where they are written.
func TestUnreadableTimesAreRefused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	add(t, storetest.OpenURL(t, url), storetest.Job(t, "far", `{"type":"interval","every":"1h"}`))
	for _, statement := range []string{
		"UPDATE pgdue.jobs SET created_at = 'infinity'",
		"UPDATE pgdue.jobs SET anchor = '-infinity'",
		"UPDATE pgdue.next_run_times SET next_run_time = '20000-01-01'",
		"UPDATE pgdue.next_run_times SET due_at = 'infinity'",
		`INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, started_at, deadline, job_revision,
		     fire_count, first_run_time, last_run_time)
		 SELECT 'far', gen_random_uuid(), now(), 'manual', 1, now(), 'infinity', 1, 1, now(), now()`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		if code := sqlState(err); code != "23514" {
			t.Errorf("%s: %v, want a violated CHECK", statement, err)
		}
	}
}

// The instances of a node whose row was deleted by hand are shown as an orphan's, and ended without a row to mark.
func TestInstancesOfADeletedNode(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
	tick(t, n)
	storetest.Exec(t, conn, "DELETE FROM pgdue.nodes")

	other := newNode(t, s, &work{})
	peers, err := s.Beat(t.Context(), nodeID(t, conn))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(peers, func(p job.Peer) bool { return p.Orphan })
	if i < 0 || !peers[i].Alive {
		t.Fatalf("peers are %+v, want an orphan that nobody marked dead", peers)
	}
	if err := other.TakeOver(t.Context(), peers[i]); err != nil {
		t.Fatal(err)
	}
	if got := storetest.Query[string](t, conn,
		"SELECT outcome || ': ' || error FROM "+
			"pgdue.run_history"); got != "lost: the row of its node in pgdue.nodes is gone" {
		t.Errorf("history says %q", got)
	}
	close(gate)
	finish(t, n)
}

// A job that somebody keeps locked does not keep the take-over loop from other nodes.
func TestTakeOverGoesRoundALockedJob(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	add(t, s, storetest.Job(t, "free", `{"type":"date"}`))
	add(t, s, storetest.Job(t, "locked", `{"type":"date"}`))
	tick(t, n)
	dead := job.Peer{ID: nodeID(t, conn), Name: "dead", Alive: true}
	other := newNode(t, s, &work{})

	tx, err := storetest.Conn(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(),
		"SELECT FROM pgdue.next_run_times WHERE job_id = 'locked' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := other.TakeOver(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("the take-over stood before the locked job for %s", took)
	}
	const lost = "SELECT coalesce(string_agg(job_id, ' ' ORDER BY job_id), '') FROM pgdue.run_history WHERE " +
		"outcome = 'lost'"
	if got := storetest.Query[string](t, conn, lost); got != "free" {
		t.Errorf("lost: %q, want the job that is not locked", got)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	dead.Alive = false // as the next beat shows it
	if err := other.TakeOver(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	if got := storetest.Query[string](t, conn, lost); got != "free locked" {
		t.Errorf("lost: %q, want both", got)
	}
	close(gate)
	finish(t, n)
}

// nodeID is the id of the only node, or of the one that registered last.
func nodeID(t *testing.T, conn *pgx.Conn) (id [16]byte) {
	t.Helper()
	return storetest.Query[[16]byte](t, conn, "SELECT id FROM pgdue.nodes ORDER BY started_at DESC LIMIT 1")
}

// sqlState is the code with which PostgreSQL refused a statement, "" when it did not.
func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// Who locks the table of the instances keeps no node from renewing its lease, and from seeing the others.
func TestLeaseIsRenewedBesideALockedTable(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	one := registered(t, s, "one").ID
	registered(t, s, "two")
	session(t, url, "migration", "LOCK TABLE pgdue.running_instances")
	for beat := range 2 { // the first prepares the statements
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		peers, err := s.Beat(ctx, one)
		cancel()
		if err != nil || len(peers) != 1 || !strings.HasPrefix(peers[0].Name, "two") {
			t.Fatalf("beat %d: peers %+v, error %v; want the other node", beat, peers, err)
		}
	}
	if beats := storetest.Query[int64](t, conn, "SELECT beat FROM pgdue.nodes WHERE id = $1", one); beats != 2 {
		t.Errorf("the lease was renewed %d times, want 2", beats)
	}
}
