package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// again says whether an attempt that ended so is followed by another, and after which wait: one that ended as RetryOn
// says, while attempts are left.
func again(d *job.Definition, r *job.Record) (bool, time.Duration) {
	if r.Attempt >= d.MaxAttempts || !d.RetriesOn(r.Outcome, r.Status) {
		return false, 0
	}
	return true, max(d.Retry.Backoff(r.Attempt), r.RetryAfter)
}

// EndLost is the record of an attempt that its node did not end, which may be followed by another one.
func EndLost(d *job.Definition, i job.Instance, why string) job.Record {
	r := job.Record{
		Run: i.Run, Outcome: job.Lost, Sentence: LostSentence(i.Node, why), StartedAt: i.StartedAt, NodeID: i.NodeID,
		Node: i.Node, Error: why,
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
func Conclude(d *job.Definition, r *job.Record) {
	again, wait := again(d, r)
	if r.Final = !again; again {
		r.RetryIn = wait
		r.Sentence += fmt.Sprintf("; attempt %d of %d follows in %s", r.Attempt+1, d.MaxAttempts, say.Duration(wait))
	}
}

// retry begins the next attempt of a run whose wait is over, and gives up those whose job was removed and added anew
// since: a run never becomes one of a stranger.
func (p *planner) retry() {
	for _, i := range p.look.Live {
		switch {
		case i.State != job.InstanceRetrying:
		case !i.Cancel.At.IsZero(): // asked for by hand: pgdue itself ends it at once
			p.giveUp(i.Run, job.CancelSentence(i.Cancel.By, i.Cancel.Reason))
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

func (p *planner) giveUp(r job.Run, sentence string) {
	p.d.GiveUp = append(p.d.GiveUp, GivenUp{r, p.look.Now, sentence})
}
