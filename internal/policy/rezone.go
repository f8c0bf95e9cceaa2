package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
	"github.com/pgdue/pgdue/internal/trigger"
)

// ZoneRules is the fingerprint of the time zone rules by which this process computes.
func ZoneRules() int64 { return trigger.Rules() }

// RefreshZoneRules reads them anew from the machine, and says whether they changed.
func RefreshZoneRules() (changed bool) { return trigger.RefreshRules() }

// Rezone computes the next run anew where that was computed by other time zone rules than those of this process and
// lies ahead: its fire is moved to where the rules put it now, which is the fire time nearest to it. That may be over
// by a little; then it is due at once. What is due already is decided as it is, and goes on by the new rules; what
// somebody has moved to an instant stays. Where the fire stays, the change is nothing.
func (l Look) Rezone() Change {
	if l.State != job.StateActive && l.State != job.StatePaused || l.Trigger == nil || l.ZoneRules == 0 ||
		l.ZoneRules == l.Trigger.Rules() || !l.NextRunTime.After(l.Now) {
		return changed(job.ActionRescheduled, &l, &l, nil, nil)
	}
	at := l.nearest(l.NextRunTime)
	if at.IsZero() || at.Equal(l.NextRunTime) {
		return changed(job.ActionRescheduled, &l, &l, nil, nil)
	}
	after := l
	after.NextRunTime, after.ZoneRules = at, l.Trigger.Rules()
	if l.State == job.StateActive {
		if after.DueAt = fireAt(l.Trigger, at); l.busy() {
			after.DueAt = l.Now
		}
	}
	return changed(job.ActionRescheduled, &l, &after, nil, nil)
}

// nearest is the fire time of the trigger nearest to a moment, after the last one that was decided; zero for none.
func (l *Look) nearest(moment time.Time) time.Time {
	before, some := l.Trigger.Last(l.LastRunTime, moment)
	after, _ := l.Trigger.Next(moment)
	switch {
	case !some:
		return after
	case after.IsZero() || moment.Sub(before) <= after.Sub(moment):
		return before
	}
	return after
}

// RezonedSentence says of a Rezone that moved a job's next run why that was.
func RezonedSentence(c *Change) string {
	zone := c.After.Trigger.Location()
	return fmt.Sprintf("the rules of time zones changed: the next run moved from %s to %s, which is %s in %s",
		say.Time(c.Before.NextRunTime), say.Time(c.After.NextRunTime),
		c.After.NextRunTime.In(zone).Format("2006-01-02 15:04:05"), zone)
}
