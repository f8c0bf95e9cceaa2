package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// calls are what a node's loops and the API ask of the database.
var calls = map[string]func(ctx context.Context, s *store.Store, n job.Node) error{
	"claim": func(ctx context.Context, s *store.Store, n job.Node) error {
		_, err := s.Claim(ctx, one(n), plan)
		return err
	},
	"resolve": func(ctx context.Context, s *store.Store, n job.Node) error {
		_, err := s.Resolve(ctx, policy.Claim{Node: n.ID})
		return err
	},
	"block": func(ctx context.Context, s *store.Store, _ job.Node) error { return s.Block(ctx, "other", "no") },
	"next due": func(ctx context.Context, s *store.Store, _ job.Node) error {
		_, _, err := s.NextDue(ctx, []string{job.KindExec.Name})
		return err
	},
	"complete": func(ctx context.Context, s *store.Store, n job.Node) error {
		_, err := s.Complete(ctx,
			[]job.Record{{Run: job.Run{JobID: "j", RunID: uuid.New(), Cause: job.CauseSchedule,
				Attempt: 1, ScheduledRunTime: time.Now()}, StartedAt: time.Now(), Final: true,
				Outcome: job.Succeeded, NodeID: n.ID}})
		return err
	},
	"wake waiting": func(ctx context.Context, s *store.Store, _ job.Node) error {
		_, err := s.MakeWaitingDue(ctx, []string{"j"}, nil)
		return err
	},
	"mark dead": func(ctx context.Context, s *store.Store, _ job.Node) error {
		_, err := s.MarkDead(ctx, job.Peer{ID: uuid.New()})
		return err
	},
	"take over": func(ctx context.Context, s *store.Store, _ job.Node) error {
		_, _, err := s.TakeOver(ctx, job.Peer{ID: uuid.New()}, 1)
		return err
	},
	"leave": func(ctx context.Context, s *store.Store, _ job.Node) error { return s.Leave(ctx, uuid.New()) },
	"run now": func(ctx context.Context, s *store.Store, _ job.Node) error {
		_, err := s.RunNow(ctx, "j", "", job.Author{})
		return err
	},
	"list": func(ctx context.Context, s *store.Store, _ job.Node) error {
		_, err := s.Jobs(ctx, "", 1)
		return err
	},
	"check schema": func(ctx context.Context, s *store.Store, _ job.Node) error { return s.CheckSchema(ctx) },
}

// Whatever is asked over a connection that has fallen silent is given up, and works over the next one.
func TestSilentConnectionIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wire := &storetest.Wire{}
			s := wire.Open(t, storetest.URL(t))
			n := registered(t, s, "me")
			add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
			if err := call(t.Context(), s, n); err != nil {
				t.Fatal("over a connection that is well: ", err)
			}
			s.SetCallLimit(200 * time.Millisecond)
			wire.Silence()
			defer wire.Break() // else closing the store waits for them
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := call(ctx, s, n); err == nil || !strings.Contains(err.Error(), "did not answer within") {
				t.Errorf("over the silent connection: %v", err)
			}
			s.SetCallLimit(20 * time.Second)
			if err := call(ctx, s, n); err != nil {
				t.Errorf("over the next connection: %v", err)
			}
		})
	}
}
