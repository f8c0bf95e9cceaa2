package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// An end that the database refuses holds up no other. It keeps its slot, is tried again, and is recorded when it is
// taken.
func TestRefusedEndHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, tries := time.Now(), 0
		f := &fake{
			claim: func(decide func(policy.Look) policy.Decision) (c policy.Claim, err error) {
				for _, id := range []string{"a", "bad", "z"} {
					j := lookAt(t, `{"type":"date"}`, time.Now())
					j.ID = id
					l := on(j, time.Now())
					l.Queue = job.KindExec.Name
					c.Decided = append(c.Decided, policy.Decided{Look: l, Decision: decide(l)})
				}
				return c, nil
			},
			complete: func(ended []job.Record) error {
				bad := slices.ContainsFunc(ended, func(r job.Record) bool { return r.JobID == "bad" })
				if !bad || time.Since(start) > time.Hour {
					return nil
				}
				tries++
				return job.ErrRejected
			},
		}
		var log bytes.Buffer
		s := node(f, quickly)
		s.Slots, s.Log = 3, slog.New(slog.NewTextHandler(&log, nil))
		register(t, s)
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Finish(t.Context())
		record := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			s.RecordEnds(ctx)
		}
		record(59 * time.Minute)
		if ends := f.recorded(); len(ends) != 2 {
			t.Errorf("recorded %+v, want the two others", ends)
		}
		if free := s.slots.take(9)[job.KindExec.Name]; free != 2 {
			t.Errorf("%d slots are free, want those of the two others", free)
		}
		lines := strings.Count(log.String(), "is refused by the database")
		if tries < 60 || tries > 300 || lines < 30 || lines > 100 {
			t.Errorf("tried %d times, logged %d times in an hour", tries, lines)
		}
		record(3 * time.Minute)
		if ends := f.recorded(); len(ends) != 3 || ends[2].JobID != "bad" || ends[2].Outcome != job.Succeeded {
			t.Errorf("recorded %+v, want the refused one at last", ends)
		}
		if free := s.slots.take(9)[job.KindExec.Name]; free != 1 {
			t.Errorf("%d slots came back with it, want 1", free)
		}
	})
}

// What waits for an instance is made due also where the node stops at the moment in which it has recorded the end.
func TestWaitingIsMadeDueByANodeThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		f := &fake{claim: oneRun(t), complete: func([]job.Record) error { stop(); return nil }}
		s := node(f, quickly)
		register(t, s)
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Finish(t.Context())
		s.Flush(ctx)
		if len(f.recorded()) != 1 || len(f.mine) != 1 {
			t.Errorf("%d ends are recorded, and jobs were made due %d times", len(f.recorded()), len(f.mine))
		}
	})
}

// An end that waits for its job's row is no error of anybody's: somebody holds the row, and will let it go.
func TestEndThatWaitsForItsRowIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := true
		f := &fake{claim: oneRun(t), complete: func([]job.Record) error {
			if held {
				return job.ErrLocked
			}
			return nil
		}}
		var log bytes.Buffer
		s := node(f, quickly)
		s.Log = slog.New(slog.NewTextHandler(&log, nil))
		register(t, s)
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Finish(t.Context())
		s.Flush(t.Context())
		if got := log.String(); strings.Contains(got, "level=ERROR") ||
			!strings.Contains(got, "another session holds") {
			t.Errorf("the log says: %s", got)
		}
		held = false
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s.RecordEnds(ctx)
		if len(f.recorded()) != 1 {
			t.Error("the end is not recorded when the row is free")
		}
	})
}

// Where instances end, other nodes are told of runs that wait in queues in which this node may not begin them.
func TestEndsTellOthersWhereThisNodeMayNotBegin(t *testing.T) {
	for _, c := range []struct {
		name   string
		slots  int
		drains bool
		want   []string
	}{
		{"slots were free", 2, false, []string{job.KindExec.Name}},
		{"no slot was free", 1, false, nil},
		{"the node drains", 2, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{claim: oneRun(t)}
			s := node(f, quickly)
			s.Slots = c.slots
			register(t, s)
			if _, err := s.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.claims.over.Store(c.drains)
			s.Finish(t.Context())
			s.Flush(t.Context())
			if len(f.mine) != 1 || !slices.Equal(f.mine[0], c.want) {
				t.Errorf("the node claims in %v itself, want once in %v", f.mine, c.want)
			}
		})
	}
}

// What a person must see to is in the log and in the row at once, or when the database is back, while the run goes on.
func TestTroubleIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{claim: oneRun(t)}
		var log bytes.Buffer
		s := &Scheduler{Store: f, Executor: stuck{}, Log: slog.New(slog.NewTextHandler(&log, nil)), Name: "n"}
		register(t, s)
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		f.mu.Lock()
		f.troubles = []string{}
		f.mu.Unlock()
		time.Sleep(time.Minute)
		f.mu.Lock()
		if len(f.troubles) != 1 || f.troubles[0] != "process 7 cannot be killed" {
			t.Errorf("in the row stands %q", f.troubles)
		}
		f.mu.Unlock()
		s.Finish(t.Context())
		if n := strings.Count(log.String(), "process 7 cannot be killed"); n != 1 {
			t.Errorf("it is told %d times", n)
		}
	})
}

// stuck is work that cannot be stopped for an hour.
type stuck struct{}

func (stuck) Queues() []string { return []string{job.KindExec.Name} }

func (stuck) Execute(_ context.Context, a job.Attempt) job.Result {
	a.Tell("process 7 cannot be killed")
	time.Sleep(time.Hour)
	return job.Result{Outcome: job.Cancelled}
}
