package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/trigger"
)

var errDown = errors.New("the database is down")

// fake is a Store that answers from the functions given, and otherwise as an empty database does.
type fake struct {
	Store
	beat     func(context.Context) ([]Peer, error)
	claim    func(decide func(Look) Decision) (Claim, error)
	resolve  func(context.Context) (bool, error)
	complete func([]Record) error
	markDead func(Peer) (bool, error)
	maintain func() (Housekeeping, error)

	lasting []Pause

	mu     sync.Mutex
	ends   []Record
	claims []time.Time
	mine   [][]string // of each wake-up
	left   bool
}

func (f *fake) Identify(context.Context, string) (Identified, error) { return Identified{}, nil }
func (f *fake) Lasting(context.Context) ([]Pause, error)             { return f.lasting, nil }

func (f *fake) Register(context.Context, Node) error { return nil }
func (f *fake) Maintain(context.Context) (Housekeeping, error) {
	if f.maintain == nil {
		return Housekeeping{Known: true, DaysAhead: 14}, nil
	}
	return f.maintain()
}
func (f *fake) Leave(context.Context, uuid.UUID) error              { f.left = true; return nil }
func (f *fake) Cancels(context.Context, uuid.UUID) ([]Asked, error) { return nil, nil }
func (f *fake) Listen(ctx context.Context, _ map[string]func()) error {
	<-ctx.Done()
	return ctx.Err()
}

func (f *fake) Beat(ctx context.Context, _ uuid.UUID) ([]Peer, error) {
	if f.beat == nil {
		return nil, nil
	}
	return f.beat(ctx)
}

func (f *fake) Claim(_ context.Context, _ ClaimRequest, decide func(Look) Decision) (Claim, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims = append(f.claims, time.Now())
	if f.claim == nil {
		return Claim{}, nil
	}
	return f.claim(decide)
}

func (f *fake) NextDue(context.Context, []string) (time.Duration, bool, error) { return 0, false, nil }

func (f *fake) WakeWaiting(_ context.Context, _, mine []string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mine = append(f.mine, mine)
	return 0, nil
}

func (f *fake) Complete(_ context.Context, ended []Record) ([]Record, error) {
	if f.complete != nil {
		if err := f.complete(ended); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends = append(f.ends, ended...)
	return ended, nil
}

func (f *fake) Resolve(ctx context.Context, _ Claim) (bool, error) { return f.resolve(ctx) }

func (f *fake) MarkDead(_ context.Context, p Peer) (bool, error) { return f.markDead(p) }
func (f *fake) TakeOver(context.Context, Peer, int) ([]Record, bool, error) {
	return nil, true, nil
}

func (f *fake) WatchedJobs(context.Context, string, int) ([]string, error) { return nil, nil }
func (f *fake) JudgeJobs(context.Context, []string, func(Watch) Verdict) ([]Judged, error) {
	return nil, nil
}
func (f *fake) ClaimAlerts(context.Context, int, time.Duration) ([]Alert, error) { return nil, nil }

// recorded lists the ends that were taken.
func (f *fake) recorded() []Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ends)
}

// claimedAfter counts the claims that were asked for after a moment.
func (f *fake) claimedAfter(at time.Time) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.claims {
		if c.After(at) {
			n++
		}
	}
	return n
}

// oneRun makes the first claim begin one run.
func oneRun(t *testing.T) func(func(Look) Decision) (Claim, error) {
	begun := false
	return func(decide func(Look) Decision) (Claim, error) {
		if begun {
			return Claim{}, nil
		}
		begun = true
		j := lookAt(t, `{"type":"date"}`, time.Now())
		l := on(j, time.Now())
		l.Queue = ExecutorExec
		return Claim{Decided: []Decided{{l, decide(l)}}}, nil
	}
}

// does is an executor.
type does func(ctx context.Context) Result

func (d does) Queues() []string                              { return []string{ExecutorExec} }
func (d does) Execute(ctx context.Context, _ Attempt) Result { return d(ctx) }
func quickly(context.Context) Result                         { return Result{Outcome: Succeeded} }
func node(s Store, do func(ctx context.Context) Result) *Scheduler {
	return &Scheduler{Store: s, Executor: does(do), Log: slog.New(slog.DiscardHandler), Name: "n"}
}

// untilStopped is work that goes on until its context ends, and notes when and why.
type untilStopped struct {
	at    time.Time
	cause error
}

func (u *untilStopped) do(ctx context.Context) Result {
	<-ctx.Done()
	u.at, u.cause = time.Now(), context.Cause(ctx)
	return Result{Outcome: Lost}
}

func definition(t testing.TB, triggerJSON string) Definition {
	t.Helper()
	when, err := trigger.Parse([]byte(triggerJSON))
	if err != nil {
		t.Fatal(err)
	}
	return Definition{
		History: HistoryAll,
		ID:      "j", Trigger: when, Work: Work{Exec: &Exec{Command: []string{"true"}}},
		MaxInstances: 1, Overlap: OverlapSkip, Coalesce: CoalesceLatest, MaxAttempts: 1, MaxWaiting: 100,
	}
}

// job is a look at a job created at a moment, then.
func lookAt(t testing.TB, triggerJSON string, created time.Time) Look {
	t.Helper()
	j, err := NewJob(definition(t, triggerJSON), created, 1, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return Look{Job: j, Now: created}
}

// jobEvery is an interval job created at t0.
func jobEvery(t interface{ Fatal(...any) }, every time.Duration) Look {
	when, err := trigger.Parse([]byte(`{"type":"interval","every":"` + trigger.FormatDuration(every) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	j, err := NewJob(Definition{ID: "j", Trigger: when, MaxInstances: 1}, t0, 1, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return Look{Job: j, Now: t0}
}

// planAt is what a look at a later moment decides.
func planAt(l Look, now time.Time, live []Instance, waiting []WaitingRun) Decision {
	l.Now, l.Live, l.Waiting = now, live, waiting
	return Plan(l)
}

// on is a look at the job at another moment.
func on(l Look, now time.Time) Look {
	l.Now = now
	return l
}
