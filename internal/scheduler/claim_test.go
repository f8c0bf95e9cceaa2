package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// dueStore is a Store whose due jobs are those given, and which refuses, or leaves without an answer, what it is told
// to.
type dueStore struct {
	fake
	jobs    []policy.Look
	refuse  func(id string) bool // also as part of a batch
	lose    bool                 // the answer of the next COMMIT
	blocked []string
	told    []uuid.UUID
}

func (c *dueStore) Claim(
	_ context.Context, r policy.ClaimRequest, decide func(policy.Look) policy.Decision,
) (claim policy.Claim, err error) {
	for _, l := range c.jobs {
		if r.Only != nil && !slices.Contains(r.Only, l.ID) {
			continue
		}
		claim.Decided = append(claim.Decided, policy.Decided{Look: l, Decision: decide(l)})
		if c.refuse != nil && c.refuse(l.ID) {
			err = job.ErrRejected
		}
	}
	if c.lose {
		c.lose, err = false, job.ErrCommitUnknown
	}
	return claim, err
}

func (c *dueStore) Block(_ context.Context, id, _ string) error {
	if id == "unblockable" {
		return job.ErrRejected
	}
	c.blocked = append(c.blocked, id)
	return nil
}

func (c *dueStore) TellCancels(_ context.Context, nodes []uuid.UUID) error {
	c.told = append(c.told, nodes...)
	return nil
}

// due are looks at one-off jobs that are due now.
func due(t *testing.T, ids ...string) (looks []policy.Look) {
	for _, id := range ids {
		l := on(lookAt(t, `{"type":"date"}`, time.Now()), time.Now())
		l.ID, l.Queue = id, job.KindExec.Name
		looks = append(looks, l)
	}
	return looks
}

// A job that the database refuses is blocked alone; the others of its batch begin. One that cannot even be blocked is
// left alone for a second.
func TestRefusedJobIsBlockedAlone(t *testing.T) {
	for _, c := range []struct {
		bad     string
		blocked []string
		wait    time.Duration
	}{
		{"bad", []string{"bad"}, 0},
		{"unblockable", nil, afterTrouble},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &dueStore{jobs: due(t, "a", c.bad, "z"), refuse: func(id string) bool { return id == c.bad }}
			n := node(s, quickly)
			register(t, n)
			next, err := n.Tick(t.Context())
			if err != nil || time.Until(next) != c.wait {
				t.Errorf("%s: next tick in %s (%v), want in %s", c.bad, time.Until(next), err, c.wait)
			}
			n.Finish(t.Context())
			n.Flush(t.Context())
			if ends := s.recorded(); len(ends) != 2 {
				t.Errorf("%s: %d runs have ended, want the two others", c.bad, len(ends))
			}
			if !slices.Equal(s.blocked, c.blocked) {
				t.Errorf("%s: blocked %v, want %v", c.bad, s.blocked, c.blocked)
			}
			if free := n.slots.take(defaultSlots)[job.KindExec.Name]; free != defaultSlots {
				t.Errorf("%s: %d slots are free at the end, want all", c.bad, free)
			}
		})
	}
}

// A claim in doubt is resolved before anything else is claimed. If it was committed its runs start then; if not, their
// slots are free again.
func TestClaimInDoubt(t *testing.T) {
	for _, committed := range []bool{true, false} {
		s := &dueStore{jobs: due(t, "a"), lose: true}
		n := node(s, quickly)
		register(t, n)
		if _, err := n.Tick(t.Context()); !errors.Is(err, job.ErrCommitUnknown) {
			t.Fatal("tick: ", err)
		}
		s.jobs = nil
		s.resolve = func(context.Context) (bool, error) { return false, errDown }
		if _, err := n.Tick(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("tick while nobody knows: %v", err)
		}
		n.Finish(t.Context())
		if len(n.ends.list) != 0 {
			t.Error("a run started while nobody knew whether it had begun")
		}
		s.resolve = func(context.Context) (bool, error) { return committed, nil }
		if _, err := n.Tick(t.Context()); err != nil {
			t.Error(err)
		}
		n.Finish(t.Context())
		n.Flush(t.Context())
		if started := len(s.recorded()) == 1; started != committed {
			t.Errorf("committed %v, started %v", committed, started)
		}
		if free := n.slots.take(defaultSlots)[job.KindExec.Name]; free != defaultSlots {
			t.Errorf("committed %v: %d slots are free at the end, want all", committed, free)
		}
	}
}

// A job that cannot be read or decided is blocked, with what is wrong.
func TestUndecidableJobIsBlocked(t *testing.T) {
	d := &decider{node: "n", story: &story{log: slog.New(slog.DiscardHandler)}}
	broken := due(t, "broken")[0]
	broken.Trigger = nil
	unread := due(t, "unread")[0]
	unread.Err = errDown
	for _, l := range []policy.Look{broken, unread} {
		if got := d.decide(l); got.State != job.StateBlocked || got.Error == "" {
			t.Errorf("%s: decided %+v", l.ID, got)
		}
	}
}

// What a claim replaces is cancelled here where it is this node's; other nodes are told.
func TestReplacedAttemptsAreCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, work, other := &dueStore{jobs: due(t, "a")}, &untilStopped{}, uuid.New()
		n := node(s, work.do)
		register(t, n)
		if _, err := n.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		var mine uuid.UUID
		for run := range n.attempts.cancelFuncs {
			mine = run
		}
		ask := job.CancelRequest{By: "pgdue", Reason: "replaced"}
		replaced := func(run, node uuid.UUID) policy.Replaced {
			return policy.Replaced{Instance: job.Instance{Run: job.Run{RunID: run}, NodeID: node}, Request: ask}
		}
		decision := policy.Decision{Cancel: []policy.Replaced{replaced(mine, n.node.ID), replaced(uuid.New(), other)}}
		n.cancels.replace(t.Context(), policy.Claim{Decided: []policy.Decided{{Decision: decision}}})
		n.Finish(t.Context())
		var cancelled *job.CancelledError
		if !errors.As(work.cause, &cancelled) || cancelled.CancelRequest != ask {
			t.Errorf("the attempt of this node ended because of %v", work.cause)
		}
		if !slices.Equal(s.told, []uuid.UUID{other}) {
			t.Errorf("told %v, want the other node", s.told)
		}
	})
}
