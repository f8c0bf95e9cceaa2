package scheduler

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const (
	defaultRetryMin    = time.Second
	defaultRetryMax    = 5 * time.Minute
	defaultRetryFactor = 2
)

// Backoff draws how long a run waits after the given attempt: half to all of Min × Factor^(attempt−1), at most Max.
func (r Retry) Backoff(attempt int) time.Duration {
	longest := float64(max(cmp.Or(r.Max, defaultRetryMax), r.Min))
	wait := min(longest, float64(cmp.Or(r.Min, defaultRetryMin))*math.Pow(cmp.Or(r.Factor, defaultRetryFactor), float64(attempt-1)))
	return time.Duration(wait * (0.5 + rand.Float64()/2)).Truncate(time.Microsecond)
}

// again says whether an attempt that ended so is followed by another, and after which wait: one that ended as RetryOn
// says, while attempts are left.
func again(d *Definition, r *Record) (bool, time.Duration) {
	if r.Attempt >= d.MaxAttempts || !d.retriesOn(r.Outcome, r.Status) {
		return false, 0
	}
	return true, max(d.Retry.Backoff(r.Attempt), r.RetryAfter)
}

// EndLost is the record of an attempt that its node did not end, which may be followed by another one.
func EndLost(d *Definition, i Instance, why string) Record {
	r := Record{
		Run: i.Run, Outcome: Lost, Sentence: LostSentence(i.Node, why), StartedAt: i.StartedAt, NodeID: i.NodeID, Node: i.Node, Error: why,
		FireCount: 1, FirstRunTime: i.ScheduledRunTime, LastRunTime: i.ScheduledRunTime,
	}
	Conclude(d, &r)
	return r
}

// LostSentence tells a person about an attempt that its node did not end.
func LostSentence(node, why string) string {
	return fmt.Sprintf("was lost on %s: %s; how far the work came is not known", node, why)
}

// Conclude says in an attempt's record whether another one follows.
func Conclude(d *Definition, r *Record) {
	again, wait := again(d, r)
	if r.Final = !again; again {
		r.RetryIn = wait
		r.Sentence += fmt.Sprintf("; attempt %d of %d follows in %s", r.Attempt+1, d.MaxAttempts, short(wait))
	}
}

// retry begins the next attempt of a run whose wait is over, and gives up those whose job was removed and added anew
// since: a run never becomes one of a stranger.
func (p *planner) retry() {
	for _, i := range p.look.Live {
		switch {
		case i.State != InstanceRetrying:
		case !i.Cancel.At.IsZero(): // asked for by hand: pgdue itself ends it at once
			p.giveUp(i.Run, CancelSentence(i.Cancel.By, i.Cancel.Reason))
		case i.JobRevision < p.look.CreatedRevision:
			p.giveUp(i.Run, "was not tried again: its job was removed and added anew")
		case i.Attempt >= p.look.MaxAttempts:
			p.giveUp(i.Run, fmt.Sprintf("was not tried again: max_attempts is %d by now", p.look.MaxAttempts))
		case i.NotBefore.After(p.look.Now) || p.begun():
			if p.retryAt.IsZero() || i.NotBefore.Before(p.retryAt) {
				p.retryAt = i.NotBefore
			}
		default:
			run := i.Run
			run.Attempt, run.JobRevision = i.Attempt+1, p.look.Revision
			p.d.Begin = append(p.d.Begin, Start{Run: run, StandsFor: i.StandsFor, Payload: i.Payload, Retry: true})
		}
	}
}

func (p *planner) giveUp(r Run, sentence string) {
	p.d.GiveUp = append(p.d.GiveUp, GivenUp{r, sentence})
}
