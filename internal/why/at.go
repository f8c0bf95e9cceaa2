package why

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// Moment is the span [from, until) that a person means by at: the second, the millisecond or the microsecond, as times
// are shown to whole seconds here and to milliseconds there.
func Moment(at time.Time) (from, until time.Time) {
	for _, precision := range []time.Duration{time.Second, time.Millisecond} {
		if at.Truncate(precision).Equal(at) {
			return at, at.Add(precision)
		}
	}
	return at, at.Add(time.Microsecond)
}

// storyAt says what became of the fire time at f.At.
func storyAt(f *Facts, findings []Finding) string {
	if v := f.runAt(); v != nil {
		return f.fateOf(v, findings)
	}
	from, until := Moment(f.At)
	fire, known := f.fireIn(from, until)
	here := f.when(f.At)
	switch {
	case f.AtTooLong:
		return fmt.Sprintf("what is recorded since %s is too much to be searched at once; walk it with `scheduler "+
			"runs %s --before TIME`", here, f.ID)
	case f.At.After(f.Now) && !fire.IsZero() && !fire.Before(f.Job.NextRunTime):
		return fmt.Sprintf("%s is a fire time that is still to come (in %s)", f.when(fire), inShort(fire.Sub(f.Now)))
	case f.Retention > 0 && f.At.Before(f.Now.Add(-f.Retention)):
		return fmt.Sprintf("no record of %s is left: history is kept for %s (settings.history_retention)", here,
			days(f.Retention))
	case f.At.Before(f.Job.CreatedAt):
		return fmt.Sprintf("%s was before the job was added, at %s, and there is no record of an earlier one then",
			here, f.when(f.Job.CreatedAt))
	case f.At.Before(f.Job.Anchor):
		return fmt.Sprintf("%s was before the trigger was last changed, at %s; it had no fire time then "+
			"that is recorded", here, f.when(f.Job.Anchor))
	case !known:
		return fmt.Sprintf("there is no record of %s, and the job's trigger cannot be read", here)
	case fire.IsZero():
		return fmt.Sprintf("%s is not a fire time of this job; %s", here, f.around(from))
	case !f.Job.NextRunTime.IsZero() && !fire.Before(f.Job.NextRunTime):
		return fmt.Sprintf("the fire of %s is not decided yet: %s", f.when(fire), blocker(findings))
	}
	return fmt.Sprintf("%s is a fire time of the trigger, but no row tells of it: the next run time was moved past "+
		"it, or rows were deleted, by hand", f.when(fire))
}

// blocker is what keeps a due fire from being decided.
func blocker(findings []Finding) string {
	for _, x := range findings {
		if x.Blocks {
			return x.Sentence
		}
	}
	return "a node looks at it any moment"
}

// runAt is the row that tells most of the fire time asked about: the end of its run, else its state now.
func (f *Facts) runAt() *job.RunView {
	if len(f.AtRuns) == 0 {
		return nil
	}
	best := &f.AtRuns[0]
	for i := range f.AtRuns {
		if v := &f.AtRuns[i]; v.RunID == best.RunID && (v.State != job.RunEnded || v.Final) {
			best = v
		}
	}
	return best
}

// fateOf tells what became of a run, or of many fire times at once.
func (f *Facts) fateOf(v *job.RunView, findings []Finding) string {
	what := "the run of " + f.when(v.ScheduledRunTime)
	if v.FireCount > 1 {
		what = fmt.Sprintf("one of %d fire times from %s to %s", v.FireCount, f.when(v.FirstRunTime),
			f.when(v.LastRunTime))
	} else if v.Outcome == job.Skipped {
		what = "the fire of " + f.when(v.ScheduledRunTime)
	}
	switch v.State {
	case job.RunWaiting:
		return what + " waits and has not begun: " + blocker(findings)
	case job.RunRunning:
		return fmt.Sprintf("%s has been running since %s (%s) on %s, attempt %d", what, say.Time(v.StartedAt),
			inShort(f.Now.Sub(v.StartedAt)), orUnknown(v.Node), v.Attempt)
	case job.RunRetrying:
		return fmt.Sprintf("%s is between two attempts: attempt %d has ended", what, v.Attempt)
	}
	if v.Outcome == job.Skipped {
		return fmt.Sprintf("%s was skipped (%s): %s; recorded at %s", what, v.Reason, told(v), say.Time(v.EndedAt))
	}
	return fmt.Sprintf("%s %s; recorded at %s", what, told(v), say.Time(v.EndedAt))
}

func orUnknown(node string) string {
	if node == "" {
		return "a node that has no row"
	}
	return node
}

// fireIn finds the first fire time in [from, until), zero for none; known is false without a trigger. The next one may
// have been moved to where the trigger has none.
func (f *Facts) fireIn(from, until time.Time) (fire time.Time, known bool) {
	if next := f.Job.NextRunTime; !next.Before(from) && next.Before(until) {
		return next, true
	}
	if f.Job.Trigger == nil {
		return time.Time{}, false
	}
	if at, _ := f.Job.Trigger.Next(from.Add(-time.Microsecond)); at.Before(until) {
		fire = at
	}
	return fire, true
}

// around names the fire times on both sides of a moment that is none. Among them is the next one, wherever it was moved
// to.
func (f *Facts) around(at time.Time) string {
	before, some := f.Job.Trigger.Last(f.Job.Anchor.Add(-time.Microsecond), at)
	after, _ := f.Job.Trigger.Next(at)
	switch next := f.Job.NextRunTime; {
	case next.IsZero() || at.Before(f.Job.LastRunTime):
	case at.Before(next):
		after = next
	case before.Before(next):
		before, some = next, true
	}
	switch {
	case some && !after.IsZero():
		return fmt.Sprintf("the ones around it are %s and %s", f.when(before), f.when(after))
	case some:
		return fmt.Sprintf("the one before it, and the last, is %s", f.when(before))
	case !after.IsZero():
		return fmt.Sprintf("the first one after it is %s", f.when(after))
	}
	return "it has none around it"
}

func days(d time.Duration) string { return say.Count(int64(d/(24*time.Hour)), "day", "days") }
