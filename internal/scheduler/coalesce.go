package scheduler

import (
	"fmt"
	"time"
)

// catchUpLimit is how many overdue fire times coalesce "all" runs one by one.
const catchUpLimit = 1000

// coalesce turns the due fire times from first to latest into runs.
func (p *planner) coalesce(first, latest time.Time) {
	all := p.look.SkipRecord(ReasonCoalesced, first, latest)
	whole := StandsFor{FireCount: all.FireCount, FirstRunTime: first, LastRunTime: latest}
	switch {
	case first.Equal(latest):
		p.place(first, whole)
	case p.look.Coalesce == CoalesceAll:
		p.catchUp(first, latest)
	case p.look.Coalesce == CoalesceEarliest:
		p.place(first, whole)
		if second, _ := p.look.Trigger.Next(first); !second.IsZero() {
			p.skipSpan(p.look.SkipRecord(ReasonCoalesced, second, latest), "overdue and coalesced into the run of "+stamp(first))
		}
	default:
		r := p.look.SkipRecord(ReasonCoalesced, first, latest.Add(-time.Microsecond))
		p.skipSpan(r, "overdue and coalesced into the run of "+stamp(latest))
		p.place(latest, whole)
	}
}

// catchUp gives each of the oldest due fire times a run of its own, and records the rest.
func (p *planner) catchUp(first, latest time.Time) {
	at := first
	if p.misfired(first) {
		late := p.look.SkipRecord(ReasonMisfire, first, p.look.Now.Add(-p.grace()-time.Microsecond))
		p.skipSpan(late, fmt.Sprintf("looked at later than misfire_grace_time, %s, allows", short(p.look.MisfireGraceTime)))
		at, _ = p.look.Trigger.Next(late.LastRunTime)
	}
	for n := 0; !at.IsZero() && !at.After(latest); n++ {
		if n == catchUpLimit {
			p.skipSpan(p.look.SkipRecord(ReasonCatchUpLimit, at, latest),
				fmt.Sprintf("overdue, and beyond the oldest %d, which run one by one", catchUpLimit))
			return
		}
		p.placeOverdue(at)
		at, _ = p.look.Trigger.Next(at)
	}
}

// placeOverdue begins one of many overdue fire times, or lets it wait, whatever happens to overlapping fires otherwise.
func (p *planner) placeOverdue(at time.Time) {
	one := StandsFor{FireCount: 1, FirstRunTime: at, LastRunTime: at}
	switch run := p.look.run(at); {
	case p.runs(run):
	case p.misfired(at):
		p.skipMisfire(run)
	case p.free() > 0 && p.count == 0 && !p.begun():
		p.begin(Start{Run: run, StandsFor: one})
	default:
		p.wait(run, one)
	}
}

// SkipRecord is the record of the fire times from first, which is one, up to and including until, all skipped for one
// reason. The caller adds the sentence.
func (j *Job) SkipRecord(reason Reason, first, until time.Time) Record {
	r := Record{
		Run: j.run(first), Final: true, Outcome: Skipped, Reason: reason,
		FireCount: 1, FirstRunTime: first, LastRunTime: first,
	}
	if j.Trigger == nil { // its row holds none that can be read
		return r
	}
	if last, ok := j.Trigger.Last(first, until); ok {
		n, _ := j.Trigger.Count(first, until)
		r.FireCount, r.LastRunTime = 1+n, last
	}
	return r
}

// run is the scheduled run of a fire time, on its first attempt.
func (j *Job) run(at time.Time) Run {
	return Run{
		JobID: j.ID, RunID: j.RunIDOf(at), Cause: CauseSchedule,
		ScheduledRunTime: at, Attempt: 1, JobRevision: j.Revision,
	}
}
