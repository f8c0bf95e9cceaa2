package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// catchUpLimit is how many overdue fire times coalesce "all" runs one by one.
const catchUpLimit = 1000

// coalesce turns the due fire times from first to latest into runs.
func (p *planner) coalesce(first, latest time.Time) {
	all := p.look.SkipRecord(job.ReasonCoalesced, first, latest)
	whole := job.StandsFor{FireCount: all.FireCount, FirstRunTime: first, LastRunTime: latest}
	switch {
	case first.Equal(latest):
		p.place(first, whole)
	case p.look.Coalesce == job.CoalesceAll:
		p.catchUp(first, latest)
	case p.look.Coalesce == job.CoalesceEarliest:
		p.place(first, whole)
		if second, _ := p.look.Trigger.Next(first); !second.IsZero() {
			p.skipSpan(p.look.SkipRecord(job.ReasonCoalesced, second, latest),
				"overdue and coalesced into the run of "+say.Time(first))
		}
	default:
		r := p.look.SkipRecord(job.ReasonCoalesced, first, latest.Add(-time.Microsecond))
		p.skipSpan(r, "overdue and coalesced into the run of "+say.Time(latest))
		p.place(latest, whole)
	}
}

// catchUp gives each of the oldest due fire times a run of its own, and records the rest.
func (p *planner) catchUp(first, latest time.Time) {
	at := first
	if p.misfired(first) {
		late := p.look.SkipRecord(job.ReasonMisfire, first, p.look.Now.Add(-p.grace()-time.Microsecond))
		p.skipSpan(late, fmt.Sprintf("looked at later than misfire_grace_time, %s, allows",
			say.Duration(p.look.MisfireGraceTime)))
		at, _ = p.look.Trigger.Next(late.LastRunTime)
	}
	for n := 0; !at.IsZero() && !at.After(latest); n++ {
		if n == catchUpLimit {
			p.skipSpan(p.look.SkipRecord(job.ReasonCatchUpLimit, at, latest),
				fmt.Sprintf("overdue, and beyond the oldest %d, which run one by one", catchUpLimit))
			return
		}
		p.placeOverdue(at)
		at, _ = p.look.Trigger.Next(at)
	}
}

// placeOverdue begins one of many overdue fire times, or lets it wait, whatever happens to overlapping fires otherwise.
func (p *planner) placeOverdue(at time.Time) {
	one := job.StandsFor{FireCount: 1, FirstRunTime: at, LastRunTime: at}
	switch run := p.look.RunOf(at); {
	case p.runs(run):
	case p.misfired(at):
		p.skipMisfire(run)
	case p.free() > 0 && p.count == 0 && !p.begun():
		p.begin(Start{Run: run, StandsFor: one})
	default:
		p.wait(run, one)
	}
}
