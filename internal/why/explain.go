package why

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Explain says what facts mean: a verdict, what stands in the way and how to remove it, what to know besides, and what
// became of the moment that was asked about. It reads no clock and no database.
func Explain(f Facts) Answer {
	a := Answer{Facts: f}
	for _, find := range []func(*Facts) []Finding{
		tableLocks, pauses, blockedJob, rowLocks, noNode, slotsTaken, notClaimed, aheadOfTrigger, limitMet, finishedJob,
		waitingRuns, retryingRuns, limitMetBefore, failures, replacedRuns, stuckRuns, silentNodes, zoneRulesDiffer,
		clockDiffers,
	} {
		a.Findings = append(a.Findings, find(&f)...)
	}
	a.Verdict = verdict(&f, a.Findings)
	if f.Known && !f.At.IsZero() {
		a.Story = storyAt(&f, a.Findings)
	}
	return a
}

// verdict is the answer in one line.
func verdict(f *Facts, findings []Finding) string {
	for _, x := range findings {
		switch {
		case !x.Blocks:
		case f.Unread:
			return f.ID + " cannot be read: " + x.inBrief()
		case x.Code == WhyAtLimit:
			return f.ID + " is at its limit: " + x.inBrief()
		default:
			return f.ID + " does not run: " + x.inBrief()
		}
	}
	if f.Unread {
		return f.ID + " cannot be read: a lock on a table was in the way, and is gone by now; ask again"
	}
	return f.ID + " runs as planned" + butFails(findings) + f.nextFires()
}

func finding(code string, blocks bool, sentence, remedy string) Finding {
	return Finding{Code: code, Blocks: blocks, Sentence: sentence, Remedy: remedy}
}

func inTheWay(code, sentence, remedy string) Finding { return finding(code, true, sentence, remedy) }

func toKnow(code, sentence, remedy string) Finding { return finding(code, false, sentence, remedy) }

func (x *Finding) inBrief() string {
	if x.brief != "" {
		return x.brief
	}
	sentence, _, _ := strings.Cut(x.Sentence, "; ")
	return sentence
}

func butFails(findings []Finding) string {
	for _, x := range findings {
		if x.Code == WhyFailing || x.Code == WhyReplaced {
			return ", but " + x.brief
		}
	}
	return ""
}

// nextFires is how the verdict on a job that nothing holds ends.
func (f *Facts) nextFires() string {
	j := &f.Job
	switch {
	case j.State == job.StateFinished:
		if f.WaitingCount > 0 {
			return "; it is finished, and what still waits is begun"
		}
		return fmt.Sprintf("; it will not fire again, and %s still running",
			say.Count(int64(len(f.Live)), "run is", "runs are"))
	case j.NextRunTime.IsZero():
		return fmt.Sprintf("; its trigger names no fire time yet, and is asked again at %s", f.when(j.DueAt))
	case j.NextRunTime.After(f.Now):
		return fmt.Sprintf("; it fires next at %s (in %s)", f.when(j.NextRunTime), inShort(j.NextRunTime.Sub(f.Now)))
	case j.DueAt.After(f.Now):
		return fmt.Sprintf("; its fire of %s begins at %s (in %s), delayed by its jitter", f.when(j.NextRunTime),
			f.when(j.DueAt), inShort(j.DueAt.Sub(f.Now)))
	}
	return fmt.Sprintf("; its fire of %s is due now", f.when(j.NextRunTime))
}

// Unknown says that there is no such job, and what is left of one.
func (f *Facts) Unknown() string {
	g, s := &f.Gone, fmt.Sprintf("there is no job %q", f.ID)
	if !g.RemovedAt.IsZero() {
		s += say.Because(fmt.Sprintf("; it was removed on %s by %s", say.Time(g.RemovedAt), g.RemovedBy), g.Reason)
	}
	if g.Running > 0 {
		s += fmt.Sprintf("; %s still running", say.Count(int64(g.Running), "run of it is", "runs of it are"))
	}
	if !g.LastEnded.IsZero() {
		s += fmt.Sprintf("; its latest record is of %s: `scheduler runs %s` shows its history", say.Time(g.LastEnded),
			f.ID)
	}
	return s
}

// goesOn says whether something of the job may still begin: a fire, a run that waits, or another attempt.
func (f *Facts) goesOn() bool {
	between := func(i job.Instance) bool { return i.State == job.InstanceRetrying }
	return f.Job.State != job.StateFinished || f.WaitingCount > 0 || slices.ContainsFunc(f.Live, between)
}

// pauses are told from the widest to the narrowest: each must be ended for the job to run.
func pauses(f *Facts) (found []Finding) {
	if !f.goesOn() {
		return nil
	}
	for _, p := range f.Pauses {
		if p.Everything() {
			found = append(found,
				inTheWay(WhyPausedAll, f.tellPause("everything", isPaused, p.PausedAt, p.PausedBy,
					p.Reason), p.ResumeCommand()))
		}
	}
	for _, p := range f.Pauses {
		if !p.Everything() {
			found = append(found,
				inTheWay(WhyPausedLabel, f.tellPause("all jobs with the label "+p.Label(), arePaused, p.PausedAt,
					p.PausedBy, p.Reason), p.ResumeCommand()))
		}
	}
	if j := &f.Job; j.State == job.StatePaused {
		found = append(found, inTheWay(WhyPaused, f.tellPause("it", isPaused, j.PausedAt, j.PausedBy, j.PausedReason),
			"scheduler resume "+f.ID))
	}
	return found
}

// verb is what follows its subject where the beginning of a pause is known, and where it is not.
type verb struct{ since, now string }

var (
	isPaused  = verb{" has been paused", " is paused"}
	arePaused = verb{" have been paused", " are paused"}
)

// tellPause tells of a pause of who, as far as it is known.
func (f *Facts) tellPause(who string, v verb, at time.Time, by, reason string) string {
	s := who + v.now
	if !at.IsZero() {
		s = fmt.Sprintf("%s since %s (%s)", who+v.since, say.Time(at), inShort(f.Now.Sub(at)))
	}
	if by != "" {
		s += " by " + by
	}
	return say.Because(s, reason)
}

func blockedJob(f *Facts) []Finding {
	remedy := fmt.Sprintf("correct it and put it again: scheduler add %s --replace …", f.ID)
	switch {
	case f.Job.State == job.StateBlocked:
		return []Finding{inTheWay(WhyBlocked, "it is blocked, as it could not be decided: "+f.Job.Error, remedy)}
	case f.Err != nil:
		return []Finding{inTheWay(WhyBlocked, "its row cannot be read, and the next look will block it: "+f.Err.Error(),
			remedy)}
	}
	return nil
}

func finishedJob(f *Facts) []Finding {
	j := &f.Job
	if j.State != job.StateFinished {
		return nil
	}
	s := "it is finished and will not fire again"
	if !j.LastRunTime.IsZero() {
		s += "; its last fire time was " + f.when(j.LastRunTime)
	}
	if len(f.Live) > 0 {
		s += fmt.Sprintf("; %s still running", say.Count(int64(len(f.Live)), "run is", "runs are"))
	}
	if !j.DueAt.IsZero() && f.WaitingCount == 0 && len(f.Live) == 0 {
		s += "; its row stays until " + say.Time(j.DueAt)
	}
	if len(f.Live) > 0 {
		return []Finding{toKnow(WhyFinished, s, "")}
	}
	return []Finding{finding(WhyFinished, f.WaitingCount == 0, s,
		fmt.Sprintf("add it again under its id, or run it once more: scheduler run-now %s", f.ID))}
}

// zone is that of the job's trigger.
func (f *Facts) zone() *time.Location {
	if f.Job.Trigger == nil {
		return time.UTC
	}
	return f.Job.Trigger.Location()
}

// when shows a time in the trigger's zone, and in UTC.
func (f *Facts) when(t time.Time) string {
	zone := f.zone()
	if zone.String() == "UTC" {
		return say.Time(t)
	}
	return fmt.Sprintf("%s (%s)", t.In(zone).Format("2006-01-02 15:04:05.999 MST"), say.Time(t))
}

// inShort is a duration for a sentence in which fractions of seconds say nothing.
func inShort(d time.Duration) string {
	if d = max(d, 0); d < time.Second {
		return say.Duration(d)
	}
	if d >= 24*time.Hour {
		return trigger.FormatDuration(d.Round(time.Minute))
	}
	return trigger.FormatDuration(d.Round(time.Second))
}
