package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// A lease is trusted for 10 s from the start of a renewal; its context ends with it, and a new one begins with the
// next.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lease
		if l.trusted() || l.context(job.ContactLostStop) != nil || l.expire() {
			t.Error("trusted before the first renewal")
		}
		started := time.Now()
		time.Sleep(2 * time.Second) // the renewal took so long
		l.renew(started)
		first := l.context(job.ContactLostStop)
		time.Sleep(8*time.Second - time.Nanosecond)
		if !l.trusted() || first.Err() != nil {
			t.Error("not trusted a moment before the end")
		}
		time.Sleep(time.Nanosecond)
		if l.trusted() || l.context(job.ContactLostStop) != nil {
			t.Error("trusted after 10 s")
		}
		if !l.expire() || l.expire() {
			t.Error("expires once")
		}
		if cause := context.Cause(first); cause != job.ErrLeaseLost {
			t.Errorf("work ended because of %v", cause)
		}
		l.renew(time.Now())
		second := l.context(job.ContactLostStop)
		if second == nil || second.Err() != nil {
			t.Error("no work after a new renewal")
		}
		l.close(job.ErrShutdown)
		l.renew(time.Now())
		if l.trusted() || l.context(job.ContactLostStop) != nil || context.Cause(second) != job.ErrShutdown {
			t.Errorf("work goes on after the end, or ended because of %v", context.Cause(second))
		}
	})
}

// Work that is to go on outlives the trust, until the node is done.
func TestLeaseOfWorkThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lease
		l.renew(time.Now())
		work := l.context(job.ContactLostContinue)
		time.Sleep(job.LeaseTime)
		if l.context(job.ContactLostContinue) != nil {
			t.Error("work may begin without trust")
		}
		if !l.expire() || work.Err() != nil {
			t.Error("the end of the trust ended the work")
		}
		l.renew(time.Now())
		if again := l.context(job.ContactLostContinue); again != work {
			t.Error("work that begins after an outage is not ended with that from before")
		}
		l.close(job.ErrLeaseLost)
		if context.Cause(work) != job.ErrLeaseLost {
			t.Errorf("work ended because of %v", context.Cause(work))
		}
	})
}

// While the machine sleeps the lease runs out, though the clock by which Go measures stands still.
func TestLeaseRunsOutWhileTheMachineSleeps(t *testing.T) {
	slept := time.Hour // before the first renewal
	l := lease{slept: func() time.Duration { return slept }}
	l.renew(time.Now())
	if !l.trusted() {
		t.Error("not trusted right after the renewal")
	}
	slept += job.LeaseTime
	if l.trusted() || l.context(job.ContactLostContinue) != nil {
		t.Error("trusted after the machine slept for 10 s")
	}
	l.renew(time.Now())
	if !l.trusted() {
		t.Error("not trusted after the next renewal")
	}
}

// An attempt whose claim was committed when the lease had run out is not executed, and ends as lost.
func TestNothingBeginsWithoutLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		executed := false
		f := &fake{claim: oneRun(t)}
		s := node(f, func(context.Context) job.Result { executed = true; return job.Result{Outcome: job.Succeeded} })
		register(t, s)
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
