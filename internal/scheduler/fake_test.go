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

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/job/jobtest"
	"github.com/pgdue/pgdue/internal/policy"
)

var errDown = errors.New("the database is down")

// fake is a Store that answers from the functions given, and otherwise as an empty database does.
type fake struct {
	Store
	beat     func(context.Context) ([]job.Peer, error)
	claim    func(decide func(policy.Look) policy.Decision) (policy.Claim, error)
	resolve  func(context.Context) (bool, error)
	complete func([]job.Record) error
	markDead func(job.Peer) (bool, error)
	maintain func() (job.Housekeeping, error)

	lasting []job.Pause
	stands  func() job.Ahead
	zones   func() []job.ZoneRules

	mu     sync.Mutex
	ends   []job.Record
	claims []time.Time
	mine   [][]string // of each MakeWaitingDue
	left   bool

	troubles []string // nil: the database is away

	rezoned int // how often
}

func (f *fake) Identify(context.Context, string) (job.Identified, error) {
	return job.Identified{}, nil
}

func (f *fake) Lasting(context.Context) ([]job.Pause, error) { return f.lasting, nil }

func (f *fake) Register(context.Context, job.Node) error { return nil }

func (f *fake) Trouble(_ context.Context, _ job.Run, trouble string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.troubles == nil {
		return errDown
	}
	f.troubles = append(f.troubles, trouble)
	return nil
}

func (f *fake) Draining(context.Context, uuid.UUID) error { return nil }

func (f *fake) Maintain(context.Context) (job.Housekeeping, error) {
	if f.maintain == nil {
		return job.Housekeeping{Known: true, DaysAhead: 14}, nil
	}
	return f.maintain()
}

func (f *fake) Rezone(context.Context, job.Author, func(policy.Change)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rezoned++
	return nil
}

func (f *fake) TellZoneRules(context.Context, uuid.UUID, int64, string) error { return nil }

func (f *fake) OtherZoneRules(context.Context, int64) ([]job.ZoneRules, error) {
	if f.zones == nil {
		return nil, nil
	}
	return f.zones(), nil
}

func (f *fake) JobsAhead(context.Context) (job.Ahead, error) {
	if f.stands == nil {
		return job.Ahead{}, nil
	}
	return f.stands(), nil
}

func (f *fake) Leave(context.Context, uuid.UUID) error { f.left = true; return nil }

func (f *fake) Cancels(context.Context, uuid.UUID) ([]job.Asked, error) { return nil, nil }

func (f *fake) Listen(ctx context.Context, _ map[string]func()) error {
	<-ctx.Done()
	return ctx.Err()
}

func (f *fake) Beat(ctx context.Context, _ uuid.UUID) ([]job.Peer, error) {
	if f.beat == nil {
		return nil, nil
	}
	return f.beat(ctx)
}

func (f *fake) Claim(
	_ context.Context, _ policy.ClaimRequest, decide func(policy.Look) policy.Decision,
) (policy.Claim, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims = append(f.claims, time.Now())
	if f.claim == nil {
		return policy.Claim{}, nil
	}
	return f.claim(decide)
}

func (f *fake) NextDue(context.Context, []string) (time.Duration, bool, error) { return 0, false, nil }

func (f *fake) MakeWaitingDue(ctx context.Context, _, mine []string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	f.mine = append(f.mine, mine)
	return 0, nil
}

func (f *fake) Complete(_ context.Context, ended []job.Record) ([]job.Record, error) {
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

func (f *fake) Resolve(ctx context.Context, _ policy.Claim) (bool, error) { return f.resolve(ctx) }

func (f *fake) MarkDead(_ context.Context, p job.Peer) (bool, error) { return f.markDead(p) }

func (f *fake) TakeOver(context.Context, job.Peer, int) ([]job.Record, bool, error) {
	return nil, true, nil
}

func (f *fake) WatchedJobs(context.Context, string, int) ([]string, error) { return nil, nil }

func (f *fake) JudgeJobs(context.Context, []string, func(policy.Watch) policy.Verdict) ([]policy.Judged, error) {
	return nil, nil
}

func (f *fake) ClaimAlerts(context.Context, int, time.Duration) ([]job.Alert, error) { return nil, nil }

// recorded lists the ends that were taken.
func (f *fake) recorded() []job.Record {
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
func oneRun(t *testing.T) func(func(policy.Look) policy.Decision) (policy.Claim, error) {
	return oneRunOf(t, job.ContactLostContinue)
}

// oneRunOf is oneRun of a job with that OnContactLost.
func oneRunOf(
	t *testing.T, onContactLost string,
) func(func(policy.Look) policy.Decision) (policy.Claim, error) {
	begun := false
	return func(decide func(policy.Look) policy.Decision) (policy.Claim, error) {
		if begun {
			return policy.Claim{}, nil
		}
		begun = true
		j := lookAt(t, `{"type":"date"}`, time.Now())
		l := on(j, time.Now())
		l.Queue, l.Job.OnContactLost = job.KindExec.Name, onContactLost
		return policy.Claim{Decided: []policy.Decided{{Look: l, Decision: decide(l)}}}, nil
	}
}

// does is an executor.
type does func(ctx context.Context) job.Result

func (d does) Queues() []string { return []string{job.KindExec.Name} }

func (d does) Execute(ctx context.Context, _ job.Attempt) job.Result { return d(ctx) }

func quickly(context.Context) job.Result { return job.Result{Outcome: job.Succeeded} }

func node(s Store, do func(ctx context.Context) job.Result) *Scheduler {
	return &Scheduler{Store: s, Executor: does(do), Log: slog.New(slog.DiscardHandler), Name: "n"}
}

// register registers a node whose loops the test runs by hand.
func register(t *testing.T, s *Scheduler) {
	t.Helper()
	if err := s.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// untilStopped is work that goes on until its context ends, and notes when and why.
type untilStopped struct {
	at    time.Time
	cause error
}

func (u *untilStopped) do(ctx context.Context) job.Result {
	<-ctx.Done()
	u.at, u.cause = time.Now(), context.Cause(ctx)
	return job.Result{Outcome: job.Lost}
}

// lookAt is a look at a job that is created at that moment.
func lookAt(t testing.TB, triggerJSON string, created time.Time) policy.Look {
	t.Helper()
	j, err := policy.NewJob(jobtest.Definition(t, triggerJSON), created, 1, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Look{Job: j, Now: created}
}

// planAt is what a look at a later moment decides.
func planAt(l policy.Look, now time.Time, live []job.Instance, waiting []job.WaitingRun) policy.Decision {
	l.Now, l.Live, l.Waiting = now, live, waiting
	return policy.Plan(l)
}

// on is a look at the job at another moment.
func on(l policy.Look, now time.Time) policy.Look {
	l.Now = now
	return l
}
