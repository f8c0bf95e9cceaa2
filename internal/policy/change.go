package policy

import "github.com/pgdue/pgdue/internal/job"

// Change is what an edit makes of a job. All of it is written in one transaction, or nothing.
type Change struct {
	Action  job.Action
	Before  *job.Job         // nil: there was no job
	After   *job.Job         // nil: the job is removed
	Dropped []job.Record     // fire times that will not run, with the reason
	Wait    []job.WaitingRun // runs that are to wait for an instance
	GiveUp  []GivenUp        // runs between two attempts that get no further one
}

// Nothing says whether the edit leaves everything as it was.
func (c *Change) Nothing() bool {
	if c.Before == nil || c.After == nil || len(c.Wait) > 0 {
		return false
	}
	return c.Before.State == c.After.State && c.Before.NextRunTime.Equal(c.After.NextRunTime) &&
		c.Before.Anchor.Equal(c.After.Anchor) && c.Before.Definition.Equal(&c.After.Definition)
}

// Created says whether the edit made a job where there was none.
func (c *Change) Created() bool { return c.Before == nil && c.After != nil }

// changed is the change that leads from one look at a job to another.
func changed(action job.Action, before, after *Look, dropped []job.Record, wait []job.WaitingRun) Change {
	return Change{Action: action, Before: &before.Job, After: &after.Job, Dropped: dropped, Wait: wait}
}
