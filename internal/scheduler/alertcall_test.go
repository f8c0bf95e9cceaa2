package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// outbox is a Store with alerts whose calls are due.
type outbox struct {
	fake
	mu      sync.Mutex
	due     []job.Alert
	settled []job.Alert
	again   []time.Duration
	claims  int
	ctxErr  error // of the contexts under which ends were recorded
	swept   []time.Time
	judged  [][]string
	verdict func(id string) (policy.Verdict, error)
}

func (o *outbox) ClaimAlerts(_ context.Context, limit int, _ time.Duration) ([]job.Alert, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.claims++
	n := min(limit, len(o.due))
	taken := o.due[:n]
	o.due = o.due[n:]
	return taken, nil
}

func (o *outbox) SettleAlert(ctx context.Context, a job.Alert, again time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settled, o.again, o.ctxErr = append(o.settled, a), append(o.again, again), errors.Join(o.ctxErr, ctx.Err())
	return nil
}

func (o *outbox) WatchedJobs(context.Context, string, int) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.swept = append(o.swept, time.Now())
	return []string{"all"}, nil
}

func (o *outbox) JudgeJobs(
	_ context.Context, ids []string, _ func(policy.Watch) policy.Verdict,
) (found []policy.Judged, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.judged = append(o.judged, ids)
	for _, id := range ids {
		if o.verdict == nil {
			continue
		}
		v, e := o.verdict(id)
		if err = errors.Join(err, e); v.Alert != nil {
			found = append(found, policy.Judged{JobID: id, Verdict: v})
		}
	}
	return found, err
}

func (o *outbox) TakeOver(context.Context, job.Peer, int) ([]job.Record, bool, error) {
	return []job.Record{{Run: job.Run{JobID: "lost"}, Final: true, Outcome: job.Lost}}, true, nil
}

// caller is an executor of http.
type caller struct {
	do func(context.Context, job.Attempt) job.Result
}

func (caller) Queues() []string { return []string{job.KindExec.Name, job.KindHTTP.Name} }

func (c caller) Execute(ctx context.Context, a job.Attempt) job.Result { return c.do(ctx, a) }

func pending(attempts int) job.Alert {
	return job.Alert{
		ID: uuid.New(), JobID: "j", Kind: job.AlertFailure, HTTP: &job.HTTP{URL: "http://alert"},
		State: job.AlertPending, Attempts: attempts,
	}
}

// runningNode runs a node in a bubble, and returns what stops it.
func runningNode(t *testing.T, s Store, e job.Executor) (stop func()) {
	t.Helper()
	n := &Scheduler{Store: s, Executor: e, Log: slog.New(slog.DiscardHandler), Name: "n"}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- n.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// A call that hangs ends after 30 s and holds up no other; no more than ten are in progress.
func TestCallsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		for range 12 {
			o.due = append(o.due, pending(1))
		}
		var inProgress, most int
		var mu sync.Mutex
		started := time.Now()
		stop := runningNode(t, o, caller{func(ctx context.Context, a job.Attempt) job.Result {
			mu.Lock()
			inProgress++
			most = max(most, inProgress)
			mu.Unlock()
			ctx, cancel := context.WithTimeout(ctx, a.Definition.EffectiveTimeout())
			defer cancel()
			<-ctx.Done()
			mu.Lock()
			inProgress--
			mu.Unlock()
			return job.Result{Outcome: job.TimedOut, Error: "timed out"}
		}})
		time.Sleep(callTimeout + time.Millisecond)
		o.mu.Lock()
		mu.Lock()
		if len(o.settled) != 10 || most != 10 {
			t.Errorf("after %s %d calls have ended, %d were in progress at once, want 10 and 10",
				time.Since(started), len(o.settled), most)
		}
		mu.Unlock()
		o.mu.Unlock()
		time.Sleep(callTimeout)
		stop()
		if len(o.settled) != 12 {
			t.Errorf("%d calls have ended, want 12", len(o.settled))
		}
		for i, a := range o.settled {
			in := o.again[i]
			if a.State != job.AlertPending || a.LastError != "timed out" || in < 5*time.Second || in > 10*time.Second {
				t.Errorf("%+v again in %s", a, in)
			}
		}
	})
}

// How a call's end is recorded: delivered, tried again with growing waits, given up after ten attempts.
func TestCallIsTriedAgainAndGivenUp(t *testing.T) {
	tests := []struct {
		attempts int
		outcome  job.Outcome
		want     string
		min, max time.Duration
	}{
		{1, job.Succeeded, job.AlertDelivered, 0, 0},
		{1, job.Failed, job.AlertPending, 5 * time.Second, 10 * time.Second},
		{4, job.TimedOut, job.AlertPending, 40 * time.Second, 80 * time.Second},
		{9, job.Failed, job.AlertPending, 10 * time.Minute, 20 * time.Minute},
		{10, job.Failed, job.AlertGivenUp, 0, 0},
		{10, job.Succeeded, job.AlertDelivered, 0, 0},
		{11, job.Failed, job.AlertGivenUp, 0, 0}, // its node died in the tenth
	}
	for _, tt := range tests {
		o := &outbox{}
		l := &callLoop{store: o, story: &story{log: slog.New(slog.DiscardHandler)}}
		a := pending(tt.attempts)
		l.executor = caller{func(_ context.Context, got job.Attempt) job.Result {
			if got.RunID != a.ID || got.Attempt != tt.attempts || got.JobID != "j" ||
				got.Definition.Work.(*job.HTTP) != a.HTTP || got.Definition.Timeout != callTimeout {
				t.Errorf("executed %+v", got)
			}
			return job.Result{Outcome: tt.outcome, Error: "HTTP 500"}
		}}
		l.call(t.Context(), a)
		if got, again := o.settled[0], o.again[0]; got.State != tt.want || again < tt.min || again > tt.max {
			t.Errorf("attempt %d, %s: %s, again in %s", tt.attempts, tt.outcome, got.State, again)
		}
	}
}

// A node that stops aborts its calls, which are due at once for others, and takes no more.
func TestStoppingNodeLeavesItsCallsToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{due: []job.Alert{pending(10)}}
		stop := runningNode(t, o, caller{func(ctx context.Context, _ job.Attempt) job.Result {
			<-ctx.Done()
			return job.Result{Outcome: job.Cancelled, Error: "cancelled"}
		}})
		time.Sleep(time.Second)
		o.mu.Lock()
		o.due = []job.Alert{pending(1)}
		o.mu.Unlock()
		started := time.Now()
		stop()
		if took := time.Since(started); took > time.Second {
			t.Errorf("stopping took %s", took)
		}
		if len(o.settled) != 1 || o.settled[0].State != job.AlertPending || o.again[0] != 0 || o.ctxErr != nil {
			t.Errorf("settled %+v again in %v, %v", o.settled, o.again, o.ctxErr)
		}
		if len(o.due) != 1 {
			t.Error("the stopping node took one more")
		}
	})
}

// A node without http makes no calls.
func TestNodeWithoutHTTPMakesNoCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{due: []job.Alert{pending(1)}}
		stop := runningNode(t, o, does(quickly))
		time.Sleep(time.Minute)
		stop()
		if o.claims != 0 {
			t.Errorf("it looked for calls %d times", o.claims)
		}
	})
}

// All jobs with OnFailure are judged when a node begins, and every 15 to 19 s; a verdict's call is made at once.
func TestJobsAreJudgedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		told := make(chan time.Time, 10)
		once := true
		o.verdict = func(string) (policy.Verdict, error) {
			if len(o.swept) < 2 || !once {
				return policy.Verdict{}, nil
			}
			once = false
			a := pending(1)
			o.due = append(o.due, a)
			return policy.Verdict{Alert: &a}, errDown // of another job
		}
		started := time.Now()
		stop := runningNode(t, o, caller{func(context.Context, job.Attempt) job.Result {
			told <- time.Now()
			return job.Result{Outcome: job.Succeeded}
		}})
		time.Sleep(time.Minute)
		stop()
		if n := len(o.swept); n < 4 || n > 5 || !o.swept[0].Equal(started) {
			t.Errorf("looked through all jobs at %v, begun at %s", o.swept, started)
		}
		if len(told) != 1 {
			t.Fatalf("%d calls, want 1", len(told))
		}
		if at := <-told; !at.Equal(o.swept[1]) {
			t.Errorf("called at %s, found at %s", at, o.swept[1])
		}
	})
}

// The end of a run is judged at once where its definition has OnFailure, also one that comes while the node stops;
// others cost nothing.
func TestEndIsJudgedAtOnce(t *testing.T) {
	for _, watched := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			o := &outbox{}
			begun := false
			o.claim = func(decide func(policy.Look) policy.Decision) (policy.Claim, error) {
				if begun {
					return policy.Claim{}, nil
				}
				begun = true
				j := lookAt(t, `{"type":"date"}`, time.Now())
				if watched {
					j.OnFailure = &job.OnFailure{After: 1, Pause: true}
				}
				l := on(j, time.Now())
				l.Queue = job.KindExec.Name
				return policy.Claim{Decided: []policy.Decided{{Look: l, Decision: decide(l)}}}, nil
			}
			stop := runningNode(t, o, does(func(ctx context.Context) job.Result {
				<-ctx.Done()
				return job.Result{Outcome: job.Lost}
			}))
			time.Sleep(time.Second)
			stop()
			isJ := func(ids []string) bool { return slices.Equal(ids, []string{"j"}) }
			if found := slices.ContainsFunc(o.judged, isJ); found != watched {
				t.Errorf("watched %v, judged %v", watched, o.judged)
			}
		})
	}
}

// The jobs whose runs a take-over ends as lost are judged.
func TestLostRunsAreJudged(t *testing.T) {
	o := &outbox{}
	n := node(o, quickly)
	register(t, n)
	if err := n.TakeOver(t.Context(), job.Peer{ID: uuid.New()}); err != nil {
		t.Fatal(err)
	}
	n.judges.judgeEnded(t.Context())
	if len(o.judged) != 1 || !slices.Equal(o.judged[0], []string{"lost"}) {
		t.Errorf("judged %v", o.judged)
	}
}
