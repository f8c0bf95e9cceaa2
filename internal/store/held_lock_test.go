package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Edits that wait for a job that somebody has locked keep no connection from the claims and completions of others, nor
// from reads, probes and the edits of other jobs.
func TestWaitingEditsStopNothingElse(t *testing.T) {
	t.Parallel()
	const edits = 24
	config := storetest.Config(t, storetest.URL(t))
	config.MaxConns = 4
	s, conn, watcher := storetest.OpenConfig(t, config), storetest.Connect(t, config), storetest.Connect(t, config)
	add(t, s, storetest.Job(t, "held", `{"type":"interval","every":"1h"}`))
	add(t, s, storetest.Job(t, "free", `{"type":"date"}`))
	n := newNode(t, s, &work{})
	s.SetLockLimit(time.Minute)
	s.SetCallLimit(time.Minute)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, "SELECT FROM pgdue.next_run_times WHERE job_id = 'held' FOR UPDATE")
	edited := make(chan error, edits)
	for range edits {
		go func() {
			_, err := s.RunNow(t.Context(), "held", "", job.Author{})
			edited <- err
		}()
	}
	storetest.Await(t, watcher, "an edit to wait for the lock", `SELECT count(*) = 1 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if waiting := s.AwaitTurns(ctx, "held", edits); waiting != edits {
		t.Errorf("%d edits have or await their turn", waiting)
	}
	if _, err := n.Tick(ctx); err != nil {
		t.Error("tick: ", err)
	}
	n.Finish(ctx)
	n.Flush(ctx)
	wantRan(t, watcher, 1)
	if _, err := s.Jobs(ctx, "", 10); err != nil {
		t.Error("read: ", err)
	}
	if err := s.CheckSchema(ctx); err != nil {
		t.Error("probe: ", err)
	}
	if _, err := s.RunNow(ctx, "free", "", job.Author{}); err != nil {
		t.Error("edit of another job: ", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range edits {
		if err := <-edited; err != nil {
			t.Error("edit after the lock is gone: ", err)
		}
	}
}

// Many jobs that somebody has locked together, as by LOCK TABLE, take half of the connections; whoever waits for his
// turn in vain is told so.
func TestEditsLeaveConnectionsToReads(t *testing.T) {
	t.Parallel()
	config := storetest.Config(t, storetest.URL(t))
	config.MaxConns = 4
	s, conn, watcher := storetest.OpenConfig(t, config), storetest.Connect(t, config), storetest.Connect(t, config)
	ids := []string{"a", "b", "c", "d", "e", "f"}
	for _, id := range ids {
		add(t, s, storetest.Job(t, id, `{"type":"interval","every":"1h"}`))
	}
	storetest.Exec(t, conn, "BEGIN")
	storetest.Exec(t, conn, "SELECT FROM pgdue.next_run_times FOR UPDATE")
	edited := make(chan error, len(ids))
	for _, id := range ids {
		go func() {
			_, err := s.Pause(t.Context(), id, job.Author{})
			edited <- err
		}()
	}
	storetest.Await(t, watcher, "edits to wait for locks", `SELECT count(*) = 2 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	if _, err := s.Jobs(t.Context(), "", 10); err != nil {
		t.Error("read: ", err)
	}
	for range ids {
		if err := <-edited; !errors.Is(err, job.ErrLocked) {
			t.Errorf("edit: %v, want ErrLocked", err)
		}
	}
	storetest.Exec(t, conn, "ROLLBACK")
}

// An edit of a job that stays locked says so; nothing of it is written.
func TestEditOfLockedJobIsRefused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	d := storetest.Job(t, "held", `{"type":"interval","every":"1h"}`)
	before := add(t, s, d)
	s.SetLockLimit(100 * time.Millisecond)
	storetest.Exec(t, conn, "BEGIN")
	storetest.Exec(t, conn, "SELECT FROM pgdue.next_run_times FOR UPDATE")
	d.MaxInstances = 7
	if _, err := s.Put(t.Context(), d, job.Author{}); !errors.Is(err, job.ErrLocked) {
		t.Errorf("put: %v, want ErrLocked", err)
	}
	storetest.Exec(t, conn, "ROLLBACK")
	if o, err := s.Job(t.Context(), "held"); err != nil || o.Revision != before.Revision {
		t.Errorf("revision %d (%v), want %d", o.Revision, err, before.Revision)
	}
}
