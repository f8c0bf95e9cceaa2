package scheduler

// Change is what an edit makes of a job. All of it is written in one transaction, or nothing.
type Change struct {
	Action  Action
	Before  *Job         // nil: there was no job
	After   *Job         // nil: the job is removed
	Dropped []Record     // fire times that will not run, with the reason
	Wait    []WaitingRun // runs that are to wait for an instance
	GiveUp  []GivenUp    // runs between two attempts that get no further one
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
func changed(action Action, before, after *Look, dropped []Record, wait []WaitingRun) Change {
	return Change{Action: action, Before: &before.Job, After: &after.Job, Dropped: dropped, Wait: wait}
}
