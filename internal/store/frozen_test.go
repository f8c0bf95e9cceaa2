package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// frozen is a node whose claim has locked its job and stands still before it writes.
type frozen struct {
	node job.Node
	goOn chan struct{}
	err  chan error
}

// freeze lets a node claim the job that is due and stand still between lock and write.
func freeze(t *testing.T, s *store.Store) *frozen {
	t.Helper()
	f := &frozen{registered(t, s, "frozen"), make(chan struct{}), make(chan error, 1)}
	locked := make(chan struct{})
	go func() {
		_, err := s.Claim(t.Context(), one(f.node), func(l policy.Look) policy.Decision {
			close(locked)
			<-f.goOn
			return plan(l)
		})
		f.err <- err
	}()
	<-locked
	return f
}

// A node that is judged dead between lock and write loses its claim: nothing of it is written, whether its row is
// marked or gone, and another node gets the job.
func TestFrozenBetweenLockAndWriteLosesItsClaim(t *testing.T) {
	t.Parallel()
	for _, row := range []string{"marked", "gone"} {
		t.Run("row "+row, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
			add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
			f := freeze(t, s)
			other := registered(t, s, "other")
			if c, err := s.Claim(t.Context(), one(other), plan); err != nil || len(c.Decided) != 0 {
				t.Errorf("a locked job was claimed: %v, %v", c.Decided, err)
			}
			if marked, err := s.MarkDead(t.Context(), peer(f.node)); err != nil || !marked {
				t.Fatal("mark dead: ", marked, err)
			}
			if row == "gone" {
				if _, done, err := s.TakeOver(t.Context(), peer(f.node), 10); err != nil || !done {
					t.Fatal("take over: ", done, err)
				}
			}
			close(f.goOn)
			if err := <-f.err; !errors.Is(err, job.ErrLeaseLost) {
				t.Errorf("claim: %v, want ErrLeaseLost", err)
			}
			claimAfter(t, s, conn, other)
		})
	}
}

// A node that stays frozen between lock and write loses its locks too: its transaction idles and is ended.
func TestFrozenTransactionHoldsNoJobForLong(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
	other := registered(t, s, "other")
	s.SetIdleLimit(100 * time.Millisecond)
	f := freeze(t, s)
	awaitUnlocked(t, conn)
	claimAfter(t, s, conn, other)
	close(f.goOn)
	if err := <-f.err; err == nil || errors.Is(err, job.ErrCommitUnknown) {
		t.Errorf("claim: %v, want an error that says that nothing was written", err)
	}
	if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); got != 1 {
		t.Errorf("%d instances, want the other's alone", got)
	}
}

// A node that is frozen between write and COMMIT cannot be judged dead while its transaction stands. When that has
// idled too long it is ended: the node is marked and taken over, another claims the job, and the COMMIT that comes late
// changes nothing.
func TestFrozenBetweenWriteAndCommit(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	wire := &storetest.Wire{}
	slow, s, conn := wire.Open(t, url), storetest.OpenURL(t, url), storetest.Conn(t, url)
	slow.SetIdleLimit(1500 * time.Millisecond)
	node, other := registered(t, s, "frozen"), registered(t, s, "other")
	add(t, s, storetest.Job(t, "j", `{"type":"date"}`))

	hold := wire.HoldCommit()
	type claimed struct {
		claim policy.Claim
		err   error
	}
	late := make(chan claimed, 1)
	go func() {
		c, err := slow.Claim(t.Context(), one(node), plan)
		late <- claimed{c, err}
	}()
	<-hold.Reached
	if marked, err := s.MarkDead(t.Context(), peer(node)); err != nil || marked {
		t.Errorf("marked dead in the middle of its claim: %v, %v", marked, err)
	}
	awaitUnlocked(t, conn)
	if marked, err := s.MarkDead(t.Context(), peer(node)); err != nil || !marked {
		t.Fatal("mark dead: ", marked, err)
	}
	if ended, done, err := s.TakeOver(t.Context(), peer(node), 10); err != nil || !done || len(ended) != 0 {
		t.Fatal("take over: ", ended, done, err)
	}
	claimAfter(t, s, conn, other)
	hold.Release()
	c := <-late
	if c.err == nil {
		t.Fatal("the late COMMIT succeeded")
	}
	if committed, err := s.Resolve(t.Context(), c.claim); err != nil || committed {
		t.Errorf("the late claim is said to be committed: %v, %v", committed, err)
	}
	if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); got != 1 {
		t.Errorf("%d instances, want the other's alone", got)
	}
}

// claimAfter lets another node claim the job, of which nothing was written before.
func claimAfter(t *testing.T, s *store.Store, conn *pgx.Conn, other job.Node) {
	t.Helper()
	if got := storetest.Query[int](t, conn,
		"SELECT (SELECT count(*) FROM pgdue.running_instances) + (SELECT count(*) FROM pgdue.run_history)"); got != 0 {
		t.Errorf("the frozen claim left %d rows", got)
	}
	c, err := s.Claim(t.Context(), one(other), plan)
	if err != nil || len(c.Decided) != 1 || len(c.Decided[0].Decision.Begin) != 1 {
		t.Fatalf("the other node's claim: %+v, %v", c.Decided, err)
	}
	if got := storetest.Query[string](t, conn,
		"SELECT node_id::text FROM pgdue.running_instances"); got != other.ID.String() {
		t.Errorf("instance of node %s, want %s", got, other.ID)
	}
}

// awaitUnlocked waits until nobody holds the one job.
func awaitUnlocked(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	storetest.Await(t, conn, "the frozen transaction to end",
		"SELECT EXISTS (SELECT FROM (SELECT FROM pgdue.next_run_times FOR UPDATE SKIP LOCKED) free)")
}
