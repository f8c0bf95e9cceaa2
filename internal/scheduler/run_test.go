package scheduler

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// running starts Run and returns what ends it and its result.
func running(s *Scheduler) (stop context.CancelFunc, result <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return cancel, done
}

// A node that cannot renew, whether it is refused or hears nothing, claims nothing 10 s after the start of its last
// good renewal, and stops the work that may never overlap; when it renews again, it claims again.
func TestNodeThatCannotRenewStopsItself(t *testing.T) {
	for name, fails := range map[string]func(context.Context) ([]job.Peer, error){
		"refused":      func(context.Context) ([]job.Peer, error) { return nil, errDown },
		"not answered": func(ctx context.Context) ([]job.Peer, error) { <-ctx.Done(); return nil, ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const outage = time.Minute
				var good, back time.Time
				first := time.Now()
				f := &fake{claim: oneRunOf(t, job.ContactLostStop)}
				f.beat = func(ctx context.Context) ([]job.Peer, error) {
					if since := time.Since(first); since > 20*time.Second && since < 20*time.Second+outage {
						return fails(ctx)
					}
					if since := time.Since(first); since <= 20*time.Second {
						good = time.Now()
					} else if back.IsZero() {
						back = time.Now()
					}
					return nil, nil
				}
				work := &untilStopped{}
				stop, result := running(node(f, work.do))
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				stop()
				if err := <-result; err != nil {
					t.Error(err)
				}
				if after := work.at.Sub(good); after != job.LeaseTime || work.cause != job.ErrLeaseLost {
					t.Errorf("work was stopped %s after the last good renewal because of %v", after, work.cause)
				}
				if n := f.claimedAfter(good.Add(job.LeaseTime)) - f.claimedAfter(back.Add(-time.Nanosecond)); n != 0 {
					t.Errorf("%d claims without a lease", n)
				}
				if f.claimedAfter(back) == 0 {
					t.Error("no claim after the outage")
				}
			})
		})
	}
}

// An outage of the database ends no work that is to go on; it ends as it would have, and its end is recorded when the
// database is back.
func TestWorkGoesOnWhileTheDatabaseIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		away := func() bool { return time.Since(start) > 20*time.Second && time.Since(start) < 80*time.Second }
		f := &fake{claim: oneRun(t), complete: func([]job.Record) error {
			if away() {
				return errDown
			}
			return nil
		}}
		f.beat = func(context.Context) ([]job.Peer, error) {
			if away() {
				return nil, errDown
			}
			return nil, nil
		}
		s := node(f, func(ctx context.Context) job.Result {
			select {
			case <-ctx.Done():
				return job.Result{Outcome: job.Lost}
			case <-time.After(time.Minute):
				return job.Result{Outcome: job.Succeeded}
			}
		})
		stop, result := running(s)
		time.Sleep(31 * time.Second)
		if s.Ready() == nil {
			t.Error("ready without a lease")
		}
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if ends := f.recorded(); len(ends) != 1 || ends[0].Outcome != job.Succeeded {
			t.Errorf("a second after the outage these ends are recorded: %+v", ends)
		}
		if err := s.Ready(); err != nil {
			t.Error("a second after the outage: ", err)
		}
		stop()
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// A node that was judged dead stops its work and says so, whether a renewal or a claim finds it out.
func TestNodeThatWasJudgedDead(t *testing.T) {
	for _, by := range []string{"renewal", "claim"} {
		t.Run(by, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				dead := func() bool { return time.Since(start) > 5*time.Second }
				first := oneRun(t)
				f := &fake{
					beat: func(context.Context) ([]job.Peer, error) {
						if by == "renewal" && dead() {
							return nil, job.ErrLeaseLost
						}
						return nil, nil
					},
					claim: func(decide func(policy.Look) policy.Decision) (policy.Claim, error) {
						if by == "claim" && dead() {
							return policy.Claim{}, job.ErrLeaseLost
						}
						return first(decide)
					},
				}
				work := &untilStopped{}
				s := node(f, work.do)
				s.Drain = time.Hour
				_, result := running(s)
				if err := <-result; !errors.Is(err, job.ErrLeaseLost) {
					t.Errorf("Run: %v, want ErrLeaseLost", err)
				}
				if work.cause != job.ErrLeaseLost {
					t.Errorf("work was stopped because of %v", work.cause)
				}
				if took := time.Since(start); took > 11*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// A node that is stopped claims nothing more, lets its runs end within Drain while it keeps its lease, cancels what is
// left, records all ends and leaves.
func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration
		want  job.Outcome
		after time.Duration // how long stopping takes
	}{
		{"ends in time", 40 * time.Second, job.Succeeded, 40 * time.Second},
		{"takes too long", time.Hour, job.Lost, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{claim: oneRun(t)}
				var cause error
				s := node(f, func(ctx context.Context) job.Result {
					select {
					case <-ctx.Done():
						cause = context.Cause(ctx)
						return job.Result{Outcome: job.Lost}
					case <-time.After(c.takes):
						return job.Result{Outcome: job.Succeeded}
					}
				})
				s.Drain = time.Minute
				stop, result := running(s)
				synctest.Wait()
				stopped := time.Now()
				stop()
				if err := <-result; err != nil {
					t.Error(err)
				}
				if took := time.Since(stopped); took != c.after {
					t.Errorf("stopping took %s, want %s", took, c.after)
				}
				if n := f.claimedAfter(stopped); n != 0 {
					t.Errorf("%d claims after the stop", n)
				}
				if ends := f.recorded(); len(ends) != 1 || ends[0].Outcome != c.want || !f.left {
					t.Errorf("recorded %+v, left %v", ends, f.left)
				}
				if c.want == job.Lost && cause != job.ErrShutdown {
					t.Errorf("cancelled because of %v", cause)
				}
			})
		})
	}
}

// A stop takes no longer than Drain, or what is needed to stop work then, whatever the database does meanwhile; an end
// is tried to be recorded for all of that time.
func TestStopIsBounded(t *testing.T) {
	const drain = 10 * time.Second
	for _, c := range []struct {
		name     string
		takes    time.Duration // of the work
		away     time.Duration // of the database, from the stop on
		recorded int
		atMost   time.Duration
	}{
		{"the database comes back in time", 2 * time.Second, 8 * time.Second, 1, drain},
		{"the database stays away", 2 * time.Second, time.Hour, 0, drain + time.Second},
		{"nothing runs, and the database is away", 0, time.Hour, 0, drain},
		{"the work takes too long", time.Hour, 0, 1, drain},
		{"the work takes too long, and the database is away", time.Hour, time.Hour, 0,
			drain + flushAtLeast + time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stopped atomic.Pointer[time.Time]
				f := &fake{complete: func([]job.Record) error {
					if at := stopped.Load(); at != nil && time.Since(*at) < c.away {
						return errDown
					}
					return nil
				}}
				if c.takes > 0 {
					f.claim = oneRun(t)
				}
				f.beat = func(context.Context) ([]job.Peer, error) { return nil, f.complete(nil) }
				s := node(f, func(ctx context.Context) job.Result {
					select {
					case <-ctx.Done():
						return job.Result{Outcome: job.Lost}
					case <-time.After(time.Second + c.takes):
						return job.Result{Outcome: job.Succeeded}
					}
				})
				s.Drain = drain
				stop, result := running(s)
				time.Sleep(time.Second)
				stopped.Store(new(time.Now()))
				stop()
				if err := <-result; err != nil {
					t.Error(err)
				}
				if took := time.Since(*stopped.Load()); took > c.atMost {
					t.Errorf("stopping took %s, want %s at most", took, c.atMost)
				}
				if n := len(f.recorded()); n != c.recorded {
					t.Errorf("%d ends are recorded, want %d", n, c.recorded)
				}
			})
		})
	}
}

// Who asks a second time does not wait for runs: they are stopped, and their ends recorded.
func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, work, hurry := &fake{claim: oneRun(t)}, &untilStopped{}, make(chan struct{})
		s := node(f, work.do)
		s.Drain, s.Hurry = time.Hour, hurry
		stop, result := running(s)
		synctest.Wait()
		stop()
		synctest.Wait()
		if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "draining") {
			t.Errorf("readiness while draining: %v", err)
		}
		if work.cause != nil {
			t.Error("work was stopped at the first signal")
		}
		close(hurry)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if ends := f.recorded(); work.cause != job.ErrShutdown || len(ends) != 1 {
			t.Errorf("work was stopped because of %v; recorded %+v", work.cause, ends)
		}
	})
}

// Readiness may be asked at any time: it says why the node does not claim, and nothing when it does.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := node(&fake{}, quickly)
		if s.Ready() == nil {
			t.Error("ready before it is registered")
		}
		asked := make(chan struct{})
		go func() { defer close(asked); s.Ready() }() // at the same time as Run registers: for the race detector
		stop, result := running(s)
		<-asked
		synctest.Wait()
		if err := s.Ready(); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-result; err != nil {
			t.Error(err)
		}
		if s.Ready() == nil {
			t.Error("ready after the end")
		}
	})
}

// A node whose claim gets no answer is not ready, though it renews its lease.
func TestNotReadyWhileClaimHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, hung := time.Now(), false
		f := &fake{claim: func(func(policy.Look) policy.Decision) (policy.Claim, error) {
			if time.Since(start) > 22*time.Second && !hung {
				hung = true
				time.Sleep(time.Minute)
			}
			return policy.Claim{}, nil
		}}
		s := node(f, quickly)
		stop, result := running(s)
		time.Sleep(22 * time.Second)
		if err := s.Ready(); err != nil {
			t.Error("before: ", err)
		}
		time.Sleep(23 * time.Second)
		if s.Ready() == nil {
			t.Error("ready though its claim has hung for nearly twenty seconds")
		}
		time.Sleep(time.Minute)
		if err := s.Ready(); err != nil {
			t.Error("after: ", err)
		}
		stop()
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// Readiness does not wait for the database to say what became of a claim.
func TestReadyDoesNotWaitForResolve(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	f := &fake{
		claim: func(func(policy.Look) policy.Decision) (policy.Claim, error) {
			return policy.Claim{}, job.ErrCommitUnknown
		},
		resolve: func(context.Context) (bool, error) { close(asked); <-answer; return false, errDown },
	}
	s := node(f, quickly)
	register(t, s)
	if _, err := s.Tick(t.Context()); !errors.Is(err, job.ErrCommitUnknown) {
		t.Fatal("tick: ", err)
	}
	ticked, told := make(chan struct{}), make(chan struct{})
	go func() { defer close(ticked); s.Tick(t.Context()) }()
	<-asked
	go func() { defer close(told); s.Ready() }()
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("Ready waits for the database")
	}
	close(answer)
	<-ticked
	<-told
}

// Ends that the database does not take are kept and tried again; nothing is lost, and the slot comes back only then.
func TestEndsAreKeptUntilRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{claim: oneRun(t), complete: func([]job.Record) error {
			if time.Since(start) < time.Hour {
				return errDown
			}
			return nil
		}}
		s := node(f, quickly)
		s.Slots = 1
		stop, result := running(s)
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if n := len(s.slots.available()); n != 0 {
			t.Error("the slot of an unrecorded run is free")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if ends := f.recorded(); len(ends) != 1 || ends[0].Outcome != job.Succeeded {
			t.Errorf("recorded %+v, want one success", ends)
		}
		if n := len(s.slots.available()); n != 1 {
			t.Error("the slot of a recorded run is not free")
		}
		stop()
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// cluster is what several nodes see of each other: their beats, while the database is there.
type cluster struct {
	mu    sync.Mutex
	beats map[uuid.UUID]int64
	down  bool
	dead  map[uuid.UUID]time.Time
}

func newCluster() *cluster {
	return &cluster{beats: map[uuid.UUID]int64{}, dead: map[uuid.UUID]time.Time{}}
}

func (c *cluster) setDown(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

// member is a node's view of a cluster, with the loops that watch and take over.
func (c *cluster) member(t *testing.T) (s *Scheduler, die context.CancelFunc) {
	f := &fake{}
	s = node(f, quickly)
	f.beat = func(context.Context) ([]job.Peer, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.down {
			return nil, errDown
		}
		c.beats[s.node.ID]++
		var peers []job.Peer
		for id, beat := range c.beats {
			if id != s.node.ID {
				peers = append(peers, job.Peer{ID: id, Alive: true, Beat: beat})
			}
		}
		return peers, nil
	}
	f.markDead = func(p job.Peer) (bool, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.beats[p.ID] != p.Beat {
			return false, nil
		}
		c.dead[p.ID] = time.Now()
		delete(c.beats, p.ID)
		return true, nil
	}
	register(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	go s.KeepLease(ctx)
	go s.takeOvers.run(ctx)
	return s, cancel
}

// Whenever in its period a node dies, another takes it over within 18 s, and not while it may trust its lease.
func TestDeadNodeIsTakenOverInTime(t *testing.T) {
	for phase := time.Duration(0); phase < 2*job.BeatEvery; phase += 170 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster()
			_, stop := c.member(t)
			defer stop()
			time.Sleep(time.Second) // so that they do not beat at the same moments
			s, die := c.member(t)
			time.Sleep(time.Minute + phase)
			synctest.Wait()
			died := time.Now()
			die()
			time.Sleep(time.Minute)
			synctest.Wait()
			at, dead := c.dead[s.node.ID]
			if took := at.Sub(died); !dead || took > 18*time.Second || took < job.DeadAfter-job.BeatEvery {
				t.Errorf("phase %s: taken over %v after %s", phase, dead, took)
			}
			if len(c.dead) != 1 {
				t.Errorf("phase %s: %d nodes were judged dead", phase, len(c.dead))
			}
		})
	}
}

// A database that is away for any time kills nobody.
func TestOutageKillsNobody(t *testing.T) {
	for _, outage := range []time.Duration{time.Second, 14 * time.Second, 16 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster()
			for range 3 {
				_, stop := c.member(t)
				defer stop()
				time.Sleep(700 * time.Millisecond)
			}
			c.setDown(true)
			time.Sleep(outage)
			c.setDown(false)
			time.Sleep(time.Hour)
			synctest.Wait()
			if len(c.dead) != 0 {
				t.Errorf("outage of %s: %d nodes were judged dead", outage, len(c.dead))
			}
		})
	}
}
