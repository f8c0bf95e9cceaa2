package store_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// fault is what happened to a COMMIT without an answer.
type fault struct {
	name      string
	cut       func(*storetest.Wire)
	persisted bool
}

var faults = []fault{
	{"failed, not persisted", (*storetest.Wire).CutCommitBefore, false},
	{"failed, but persisted", (*storetest.Wire).CutCommitAfter, true},
}

// faulty calls do for both fates of a COMMIT, each with a database and a wire of its own.
func faulty(t *testing.T, do func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn)) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			w := &storetest.Wire{}
			s := w.Open(t, url)
			do(t, f, w, s, storetest.Conn(t, url))
			if w.Cuts() != 1 {
				t.Errorf("%d connections were cut, want 1", w.Cuts())
			}
		})
	}
}

func wantUnknown(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, job.ErrCommitUnknown) {
		t.Fatalf("error is %v, want ErrCommitUnknown", err)
	}
}

// A claim whose commit got no answer is read back before the next: its run executes once, whether it was begun by that
// claim or by the next, and under the same id.
func TestClaimWithoutAnswerExecutesOnce(t *testing.T) {
	t.Parallel()
	faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
		added := add(t, s, storetest.Job(t, "once", `{"type":"date"}`))
		run := job.RunID("once", added.CreatedRevision, added.NextRunTime, job.CauseSchedule)
		work := &work{}
		n := newNode(t, s, work)

		f.cut(w)
		_, err := n.Tick(t.Context())
		wantUnknown(t, err)
		if ids := work.executed(); len(ids) != 0 {
			t.Fatalf("run %v began though its claim is in doubt", ids)
		}
		if got := storetest.Query[bool](t, conn,
			"SELECT EXISTS (SELECT FROM pgdue.running_instances)"); got != f.persisted {
			t.Fatalf("instance is there: %v, want %v", got, f.persisted)
		}
		tick(t, n)
		finish(t, n)
		tick(t, n)
		finish(t, n)
		if ids := work.executed(); len(ids) != 1 || ids[0] != run {
			t.Errorf("executed %v, want once run %s", ids, run)
		}
		if got := storetest.Query[int](t, conn,
			"SELECT count(*) FROM pgdue.run_history WHERE final AND outcome = 'succeeded' AND run_id = $1",
			run); got != 1 {
			t.Errorf("%d records of the run, want 1", got)
		}
	})
}

// A claim that only skipped, and one whose slots are all in doubt, are found out the same way: afterwards all slots are
// free.
func TestClaimWithoutAnswerFreesSlots(t *testing.T) {
	t.Parallel()
	faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
		n := &scheduler.Scheduler{Store: s, Executor: &work{}, Log: slog.New(slog.DiscardHandler), Slots: 1}
		if err := n.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		add(t, s, storetest.Job(t, "a", `{"type":"date"}`))
		f.cut(w)
		_, err := n.Tick(t.Context())
		wantUnknown(t, err)
		tick(t, n)
		finish(t, n)
		add(t, s, storetest.Job(t, "b", `{"type":"date"}`))
		tick(t, n)
		finish(t, n)
		if got := storetest.Query[int](t, conn,
			"SELECT count(DISTINCT job_id) FROM pgdue.run_history WHERE outcome = 'succeeded'"); got != 2 {
			t.Errorf("%d jobs ran through the node's one slot, want 2", got)
		}
	})
}

// A completion whose commit got no answer is sent again: one record, and nobody is told of a run that was taken over.
func TestCompleteWithoutAnswerRecordsOnce(t *testing.T) {
	t.Parallel()
	faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
		add(t, s, storetest.Job(t, "once", `{"type":"date"}`))
		var log bytes.Buffer
		n := &scheduler.Scheduler{Store: s, Executor: &work{}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if err := n.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		tick(t, n)
		n.Finish(t.Context())
		f.cut(w)
		n.Flush(t.Context())
		if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history"); got != 1 {
			t.Errorf("%d records, want 1", got)
		}
		if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); got != 0 {
			t.Errorf("%d instances left, want 0", got)
		}
		if bytes.Contains(log.Bytes(), []byte("taken over")) {
			t.Errorf("a run of our own was called taken over:\n%s", log.String())
		}
	})
}

// Adding, putting and removing say that they do not know; trying again finds out.
func TestEditWithoutAnswer(t *testing.T) {
	t.Parallel()
	t.Run("add", func(t *testing.T) {
		t.Parallel()
		faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
			d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
			f.cut(w)
			_, err := s.Add(t.Context(), d, job.Author{})
			wantUnknown(t, err)
			if _, err = s.Add(t.Context(), d, job.Author{}); errors.Is(err, job.ErrExists) != f.persisted ||
				err != nil && !f.persisted {
				t.Errorf("adding again: %v", err)
			}
			if got := storetest.Query[int](t, conn,
				"SELECT count(*) FROM pgdue.jobs JOIN pgdue.next_run_times ON job_id = id"); got != 1 {
				t.Errorf("%d jobs, want 1", got)
			}
		})
	})
	t.Run("put", func(t *testing.T) {
		t.Parallel()
		faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
			d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
			before := add(t, s, d)
			d.MaxInstances = 7
			f.cut(w)
			_, err := s.Put(t.Context(), d, job.Author{})
			wantUnknown(t, err)
			if got := storetest.Query[bool](t, conn, "SELECT max_instances = 7 FROM pgdue.jobs"); got != f.persisted {
				t.Errorf("changed: %v, want %v", got, f.persisted)
			}
			o, err := s.Put(t.Context(), d, job.Author{})
			if err != nil || o.Created() || o.After.MaxInstances != 7 ||
				!o.After.NextRunTime.Equal(before.NextRunTime) {
				t.Errorf("putting again: %+v, %v", o, err)
			}
		})
	})
	t.Run("remove", func(t *testing.T) {
		t.Parallel()
		faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
			add(t, s, storetest.Job(t, "j", `{"type":"date"}`)) // due: its removal is recorded
			f.cut(w)
			_, err := s.Remove(t.Context(), "j", job.Author{})
			wantUnknown(t, err)
			if _, err := s.Remove(t.Context(), "j", job.Author{}); errors.Is(err, job.ErrNotFound) != f.persisted ||
				err != nil && !f.persisted {
				t.Errorf("removing again: %v", err)
			}
			if got := storetest.Query[int](t, conn,
				"SELECT count(*) FROM pgdue.run_history WHERE reason = 'removed'"); got != 1 {
				t.Errorf("%d records of the dropped fire time, want 1", got)
			}
		})
	})
}

// Marking a node dead, and ending its attempts, are found out by doing them again.
func TestTakeOverWithoutAnswer(t *testing.T) {
	t.Parallel()
	t.Run("mark dead", func(t *testing.T) {
		t.Parallel()
		faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
			dead := registered(t, s, "dead")
			f.cut(w)
			marked, err := s.MarkDead(t.Context(), peer(dead))
			if wantUnknown(t, err); marked {
				t.Error("marked, though that is not known")
			}
			awaitEnd(t, conn)
			if again, err := s.MarkDead(t.Context(), peer(dead)); err != nil || again == f.persisted {
				t.Errorf("marking again: %v, %v", again, err)
			}
			if storetest.Query[bool](t, conn, "SELECT alive FROM pgdue.nodes") {
				t.Error("the node is alive")
			}
		})
	})
	t.Run("end attempts", func(t *testing.T) {
		t.Parallel()
		faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
			dead := registered(t, s, "dead")
			add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
			if _, err := s.Claim(t.Context(), one(dead), plan); err != nil {
				t.Fatal(err)
			}
			if marked, err := s.MarkDead(t.Context(), peer(dead)); err != nil || !marked {
				t.Fatal("mark dead: ", marked, err)
			}
			f.cut(w)
			_, done, err := s.TakeOver(t.Context(), peer(dead), 10)
			if wantUnknown(t, err); done {
				t.Error("done, though that is not known")
			}
			awaitEnd(t, conn)
			if _, done, err = s.TakeOver(t.Context(), peer(dead), 10); err != nil || !done {
				t.Errorf("taking over again: done %v, %v", done, err)
			}
			if got := storetest.Query[int](t, conn,
				"SELECT count(*) FROM pgdue.run_history WHERE outcome = 'lost'"); got != 1 {
				t.Errorf("%d records of the lost run, want 1", got)
			}
			if got := storetest.Query[int](t, conn,
				"SELECT (SELECT count(*) FROM pgdue.running_instances) + (SELECT count(*) "+
					"FROM pgdue.nodes)"); got != 0 {
				t.Errorf("%d rows of the dead node left, want 0", got)
			}
		})
	})
	t.Run("block", func(t *testing.T) {
		t.Parallel()
		faulty(t, func(t *testing.T, f fault, w *storetest.Wire, s *store.Store, conn *pgx.Conn) {
			add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
			f.cut(w)
			wantUnknown(t, s.Block(t.Context(), "j", "first"))
			if err := s.Block(t.Context(), "j", "second"); err != nil {
				t.Fatal(err)
			}
			if got := storetest.Query[string](t, conn,
				"SELECT error FROM pgdue.next_run_times"); (got == "first") != f.persisted {
				t.Errorf("error is %q", got)
			}
		})
	})
}

// awaitEnd waits until the server has ended the transaction whose connection was cut: until then it holds its locks.
func awaitEnd(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	storetest.Await(t, conn, "the cut transaction to end", `SELECT NOT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend')`)
}
