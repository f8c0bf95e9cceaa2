package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Of many who add one id, one wins and the others are told; nothing of theirs is written.
func TestConcurrentAddsOfOneID(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	var won, exists atomic.Int64
	var winner atomic.Int64
	var all sync.WaitGroup
	for i := range 32 {
		d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
		d.MaxInstances = 1 + i
		all.Go(func() {
			switch _, err := s.Add(t.Context(), d, job.Author{}); {
			case err == nil:
				won.Add(1)
				winner.Store(int64(d.MaxInstances))
			case errors.Is(err, job.ErrExists):
				exists.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || exists.Load() != 31 {
		t.Errorf("%d won and %d were told that the id is taken, want 1 and 31", won.Load(), exists.Load())
	}
	if got := storetest.Query[int64](t, conn, "SELECT max_instances FROM pgdue.jobs"); got != winner.Load() {
		t.Errorf("the job is that of %d, the winner is %d", got, winner.Load())
	}
}

// Many who put, remove and add one id at the same time: each gets one of the answers that it can get, and what is left
// is one whole job or none.
func TestConcurrentEditsOfOneID(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	triggers := []string{`{"type":"interval","every":"1h"}`, `{"type":"interval","every":"2h"}`, `{"type":"date"}`}
	var all sync.WaitGroup
	for i := range 24 {
		d := storetest.Job(t, "j", triggers[i%len(triggers)])
		all.Go(func() {
			for range 10 {
				if err := editOnce(t.Context(), s, d, i); err != nil && !errors.Is(err, job.ErrNotFound) &&
					!errors.Is(err, job.ErrExists) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := storetest.Query[bool](t, conn, `
		SELECT (SELECT count(*) FROM pgdue.jobs) = (SELECT count(*) FROM pgdue.next_run_times)
		   AND NOT EXISTS (SELECT FROM pgdue.next_run_times WHERE state <> 'active' OR next_run_time IS NULL OR due_at IS NULL)`); !got {
		t.Error("half a job is left")
	}
}

func editOnce(ctx context.Context, s *store.Store, d job.Definition, i int) error {
	var err error
	switch i % 4 {
	case 0:
		_, err = s.Add(ctx, d, job.Author{})
	case 1:
		_, err = s.Remove(ctx, d.ID, job.Author{})
	default:
		_, err = s.Put(ctx, d, job.Author{})
	}
	return err
}

// An edit waits for the claim that holds the job, and finds what it decided: the fire is neither lost nor doubled.
func TestEditWhileBeingClaimed(t *testing.T) {
	t.Parallel()
	edits := map[string]func(ctx context.Context, s *store.Store) error{
		"put trigger": func(ctx context.Context, s *store.Store) error {
			_, err := s.Put(ctx, storetest.Job(t, "j", `{"type":"interval","every":"1000h"}`), job.Author{})
			return err
		},
		"remove": func(ctx context.Context, s *store.Store) error {
			_, err := s.Remove(ctx, "j", job.Author{})
			return err
		},
		"reschedule": func(ctx context.Context, s *store.Store) error {
			_, err := s.Reschedule(ctx, "j", mustParse(t, `{"type":"interval","every":"1000h"}`), job.Author{})
			return err
		},
		"move next": func(ctx context.Context, s *store.Store) error {
			_, err := s.MoveNext(ctx, "j", time.Now().Add(time.Hour), job.Author{})
			return err
		},
		"skip next": func(ctx context.Context, s *store.Store) error {
			if _, err := s.SkipNext(ctx, "j", job.Author{}); !errors.Is(err, job.ErrFinished) {
				return fmt.Errorf("the claim was faster, and there is nothing to skip: %w", err)
			}
			return nil
		},
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
			add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
			f := freeze(t, s)
			edited := make(chan error, 1)
			go func() { edited <- edit(t.Context(), s) }()
			storetest.Await(t, conn, "the edit to wait for the claim",
				"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND "+
					"wait_event_type = 'Lock')")
			close(f.goOn)
			if err := <-f.err; err != nil {
				t.Fatal("claim: ", err)
			}
			if err := <-edited; err != nil {
				t.Fatal("edit: ", err)
			}
			if got := fates(t, conn); got != "1 running, 0 dropped" {
				t.Errorf("the due fire has %s", got)
			}
		})
	}
}

// An edit that comes before the claim drops what was due, and says so in a row.
func TestEditDropsWhatIsDue(t *testing.T) {
	t.Parallel()
	for reason, edit := range map[string]func(context.Context, *store.Store, job.Definition) error{
		"rescheduled": func(ctx context.Context, s *store.Store, d job.Definition) error {
			_, err := s.Put(ctx, d, job.Author{})
			return err
		},
		"removed": func(ctx context.Context, s *store.Store, d job.Definition) error {
			_, err := s.Remove(ctx, d.ID, job.Author{})
			return err
		},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			add(t, storetest.OpenURL(t, url), storetest.Job(t, "j", `{"type":"interval","every":"1h"}`))
			later := storeAt(t, url, 3*time.Hour+time.Minute)
			if err := edit(t.Context(), later,
				storetest.Job(t, "j", `{"type":"interval","every":"1000h"}`)); err != nil {
				t.Fatal(err)
			}
			n := newNode(t, later, &work{})
			tick(t, n)
			if got := fates(t, conn); got != "0 running, 3 dropped" {
				t.Errorf("the three due fires have %s", got)
			}
			if got := storetest.Query[string](t, conn,
				"SELECT reason || ': ' || sentence FROM pgdue.run_history"); got[:len(reason)] != reason {
				t.Errorf("the row says %q", got)
			}
		})
	}
}

// fates tells how the fires of all jobs ended.
func fates(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	return fmt.Sprintf("%d running, %d dropped",
		storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"),
		storetest.Query[int](t, conn, "SELECT coalesce(sum(fire_count), 0) FROM pgdue.run_history"))
}
