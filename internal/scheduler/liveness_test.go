package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// look is one successful renewal, at a second, and the beat it saw of the one peer.
type look struct {
	at   float64
	beat int64
}

// every3s are looks from one second to another that see the same beat.
func every3s(from, to float64, beat int64) (looks []look) {
	for ; from <= to; from += job.BeatEvery.Seconds() {
		looks = append(looks, look{from, beat})
	}
	return looks
}

func TestWatchJudges(t *testing.T) {
	for _, c := range []struct {
		name  string
		looks []look
		reset float64 // a renewal of our own failed at this second; 0: none
		dead  float64 // second of the first judgement; 0: none
	}{
		{"still for 15 s", every3s(0, 30, 1), 0, 15},
		{"moves every time", []look{{0, 1}, {3, 2}, {6, 3}, {9, 4}, {12, 5}, {15, 6}, {18, 7}}, 0, 0},
		{"moves at the last moment", append(every3s(0, 12, 1), every3s(15, 27, 2)...), 0, 0},
		{"moves and then is still", append(every3s(0, 12, 1), every3s(15, 36, 2)...), 0, 30},
		{"our own renewal failed in between", every3s(0, 30, 1), 10, 27},
		{"we were frozen for a minute", append(every3s(0, 9, 1), every3s(69, 81, 1)...), 0, 0},
		{"we were frozen, and it is dead indeed", append(every3s(0, 9, 1), every3s(69, 99, 1)...), 0, 84},
		{"a late look is not a gap", []look{{0, 1}, {6, 1}, {12, 1}, {18, 1}}, 0, 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, peer, dead := watch{seen: map[uuid.UUID]sighting{}}, uuid.New(), 0.0
			for _, l := range c.looks {
				if c.reset != 0 && l.at > c.reset {
					w.reset()
					c.reset = 0
				}
				if len(w.observe([]job.Peer{{ID: peer, Alive: true, Beat: l.beat}}, at(l.at))) > 0 && dead == 0 {
					dead = l.at
				}
			}
			if dead != c.dead {
				t.Errorf("judged dead at %v s, want %v", dead, c.dead)
			}
		})
	}
}

// A node that others have marked dead is handed over at once; one whose row is gone is forgotten.
func TestWatchOfMarkedAndGone(t *testing.T) {
	w, id := watch{seen: map[uuid.UUID]sighting{}}, uuid.New()
	if dead := w.observe([]job.Peer{{ID: id, Alive: false}}, t0); len(dead) != 1 {
		t.Errorf("a marked node was not handed over")
	}
	w.observe(nil, at(3))
	if len(w.seen) != 0 {
		t.Error("a node that is gone is remembered")
	}
}

// A lease is trusted for 10 s from the start of a renewal; its context ends with it, and a new one begins with the next.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lease
		if l.trusted() || l.context() != nil || l.lapse() {
			t.Error("trusted before the first renewal")
		}
		started := time.Now()
		time.Sleep(2 * time.Second) // the renewal took so long
		l.renew(started)
		first := l.context()
		time.Sleep(8*time.Second - time.Nanosecond)
		if !l.trusted() || first.Err() != nil {
			t.Error("not trusted a moment before the end")
		}
		time.Sleep(time.Nanosecond)
		if l.trusted() || l.context() != nil {
			t.Error("trusted after 10 s")
		}
		if !l.lapse() || l.lapse() {
			t.Error("lapses once")
		}
		if cause := context.Cause(first); cause != job.ErrLeaseLost {
			t.Errorf("work ended because of %v", cause)
		}
		l.renew(time.Now())
		second := l.context()
		if second == nil || second.Err() != nil {
			t.Error("no work after a new renewal")
		}
		l.end(job.ErrShutdown)
		l.renew(time.Now())
		if l.context() != nil || context.Cause(second) != job.ErrShutdown {
			t.Errorf("work goes on after the end, or ended because of %v", context.Cause(second))
		}
	})
}

func TestSlots(t *testing.T) {
	s := newSlots([]string{"exec", "http"}, 3)
	if diff := cmp.Diff(map[string]int{"exec": 2, "http": 2}, s.take(2)); diff != "" {
		t.Errorf("first take (-want +got):\n%s", diff)
	}
	s.give("http", 2)
	if diff := cmp.Diff(map[string]int{"exec": 1, "http": 2}, s.take(2)); diff != "" {
		t.Errorf("second take (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"http"}, s.available()); diff != "" {
		t.Errorf("available (-want +got):\n%s", diff)
	}
	claim := policy.Claim{Decided: []policy.Decided{{
		Look: policy.Look{Queue: "http"}, Decision: policy.Decision{Begin: make([]policy.Start, 2)},
	}}}
	s.spend(claim) // beyond what is free: the runs have begun
	if got := s.available(); len(got) != 0 || len(s.take(9)) != 0 {
		t.Errorf("available after overspending: %v", got)
	}
	s.refund(claim)
	if diff := cmp.Diff(map[string]int{"http": 1}, s.take(9)); diff != "" {
		t.Errorf("take after the refund (-want +got):\n%s", diff)
	}
}

// An attempt whose claim was committed when the lease had run out is not executed, and ends as lost.
func TestNothingBeginsWithoutLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		executed := false
		f := &fake{claim: oneRun(t)}
		s := node(f, func(context.Context) job.Result { executed = true; return job.Result{Outcome: job.Succeeded} })
		if err := s.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := f.claim
		f.claim = func(decide func(policy.Look) policy.Decision) (policy.Claim, error) {
			defer time.Sleep(job.LeaseTime) // the COMMIT took that long
			return begin(decide)
		}
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Finish(t.Context())
		s.Flush(t.Context())
		if ends := f.recorded(); executed || len(ends) != 1 || ends[0].Outcome != job.Lost {
			t.Errorf("executed %v, recorded %+v", executed, ends)
		}
	})
}
