package policy

import (
	"slices"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// ReplacedBy begins the reason of a request to cancel an instance in whose place another run is to begin.
const ReplacedBy = "replaced by the run of "

// replace lets a fire wait before all others, in the place of one that waits there already, and has the oldest instance
// cancelled, unless one is being cancelled: a single run waits, so one instance is enough. It begins when the row of
// that instance is gone. An instance between two attempts ends at once, and the fire begins.
func (p *planner) replace(run job.Run, stands job.StandsFor) {
	if p.misfired(run.ScheduledRunTime) {
		p.skipMisfire(run)
		return
	}
	p.supersede(run)
	request := job.CancelRequest{At: p.look.Now, By: job.Itself, Reason: ReplacedBy + say.Time(run.ScheduledRunTime)}
	switch oldest, found := p.replaceable(); {
	case found && oldest.State == job.InstanceRetrying:
		p.giveUp(oldest.Run, request.Reason)
		if p.free() > 0 && !p.begun() {
			p.begin(Start{Run: run, StandsFor: stands})
			return
		}
	case found:
		p.d.Cancel = append(p.d.Cancel, Replaced{oldest, request})
	}
	p.d.Wait = append(p.d.Wait, job.WaitingRun{Run: run, StandsFor: stands, CreatedAt: p.look.Now, Front: true})
	p.count++
}

// supersede skips the run that waits to replace an instance, where there is one.
func (p *planner) supersede(by job.Run) {
	if len(p.look.Waiting) == 0 || !p.look.Waiting[0].Front {
		return
	}
	w := p.look.Waiting[0]
	w.Run.JobRevision = p.look.Revision
	p.d.Unwait = append(p.d.Unwait, w.Run)
	p.count--
	p.skip(w.Run, job.ReasonReplaced,
		"waited for an instance to end, and the run of "+say.Time(by.ScheduledRunTime)+" took its place")
}

// replaceable is the oldest instance that goes on, none when one is being cancelled already.
func (p *planner) replaceable() (oldest job.Instance, found bool) {
	for _, i := range p.look.Live {
		if !i.Cancel.At.IsZero() {
			return job.Instance{}, false
		}
		givenUp := slices.ContainsFunc(p.d.GiveUp, func(g GivenUp) bool { return g.RunID == i.RunID })
		if givenUp {
			continue
		}
		if !found || i.StartedAt.Before(oldest.StartedAt) {
			oldest, found = i, true
		}
	}
	return oldest, found
}
