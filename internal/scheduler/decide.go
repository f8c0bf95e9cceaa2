package scheduler

import (
	"fmt"
	"runtime/debug"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// decider is policy.Plan, with a job that cannot be read or decided blocked rather than in everybody's way.
type decider struct {
	node  string // its name, which a skip's record tells
	story *story
}

func (d *decider) decide(l policy.Look) (decision policy.Decision) {
	defer func() {
		if p := recover(); p != nil {
			d.story.decidingPanicked(l.Job.ID, p, debug.Stack())
			decision = blocked(l.Job, fmt.Sprintf("deciding this job panicked: %v", p))
		}
	}()
	if l.Err != nil {
		return blocked(l.Job, l.Err.Error())
	}
	decision = policy.Plan(l)
	for i := range decision.Skip {
		decision.Skip[i].Node = d.node
	}
	return decision
}

func blocked(j job.Job, reason string) policy.Decision {
	return policy.Decision{
		State: job.StateBlocked, NextRunTime: j.NextRunTime, LastRunTime: j.LastRunTime, Error: reason,
		Moved: j.Moved, ZoneRules: j.ZoneRules,
	}
}
