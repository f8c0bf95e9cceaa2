package why

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/say"
)

// limitMet is for a job at its limit. That stands in the way when a fire met it already, or is bound to, or runs wait;
// a run that executes, as most do for a while, does not. A one-off that was added again is finished as soon as its fire
// was skipped.
func limitMet(f *Facts) []Finding {
	if len(f.Live) == 0 || len(f.Live) < f.Job.MaxInstances {
		return nil
	}
	j := &f.Job
	skipped := len(f.Recent) > 0 && metLimit(&f.Recent[0])
	stands := skipped || f.WaitingCount > 0 || f.boundToMeet()
	if j.State == job.StateFinished && !stands {
		return nil // no fire comes that it could keep from running
	}
	look := f.Look
	look.LastRunTime = time.Time{} // the gap since then is none between two fires
	l := policy.MeetLimit(look, j.NextRunTime, afterNext(j), nil)
	if !stands && l.Ended && l.Needed > 0 && l.Needed <= l.Max && !f.metLimitOf(l) {
		return []Finding{toKnow(WhyAtLimit, fmt.Sprintf("as many instances run as may (%d); %s", l.Max, limitFits), "")}
	}
	met := finding(WhyAtLimit, stands, l.Sentence(f.Now)+"; "+whileAtLimit(f), limitRemedy(f, l))
	met.brief = l.Reason() + "; " + l.Remedy()
	return []Finding{met}
}

// boundToMeet says that the next fire comes while max_instances are running: more run than may by now, or as many wait
// for attempts that come later than it.
func (f *Facts) boundToMeet() bool {
	later := 0
	for _, i := range f.Live {
		if i.State == job.InstanceRetrying && i.NotBefore.After(f.Job.NextRunTime) {
			later++
		}
	}
	return len(f.Live) > f.Job.MaxInstances || !f.Job.NextRunTime.IsZero() && later >= f.Job.MaxInstances
}

// afterNext is the fire time after the next one, zero when there is none.
func afterNext(j *job.Job) (at time.Time) {
	if j.Trigger != nil && !j.NextRunTime.IsZero() {
		at, _ = j.Trigger.Next(j.NextRunTime)
	}
	return at
}

func whileAtLimit(f *Facts) string {
	switch j := &f.Job; j.Overlap {
	case job.OverlapWait:
		if f.WaitingCount >= j.MaxWaiting {
			return fmt.Sprintf("as many runs wait as may, %d, and until one begins fires are skipped", j.MaxWaiting)
		}
		return fmt.Sprintf("until an instance ends fires wait, %d at most", j.MaxWaiting)
	case job.OverlapReplace:
		return "the next fire asks the oldest instance to cancel"
	}
	return "until an instance ends fires are skipped"
}

// limitFits is said of a limit that no fire has met and none will, as far as anybody can tell.
const limitFits = "as runs go now the limit is enough"

// limitRemedy is the definition's change that would let all fires run.
func limitRemedy(f *Facts, l *policy.AtLimit) string {
	j, more := &f.Job, f.modify(fmt.Sprintf("--max-instances %d", l.Enough))
	if l.Oldest.State == job.InstanceRetrying {
		return fmt.Sprintf("%s; or give the run up: scheduler cancel %s %s", more, j.ID, l.Oldest.RunID)
	}
	if l.Interval <= 0 {
		return more + "; or wait for the end of a run"
	}
	switch slower := l.Slower(); {
	case j.Overlap != job.OverlapSkip:
		return more
	case slower > 0:
		return fmt.Sprintf("%s; if more must not run at a time, let it fire no more often than every %s", more,
			say.Duration(slower))
	case f.Added.By != "":
		return more + "; if more must not run at a time, add it with --overlap wait"
	case !l.Ended && l.Needed > l.Max:
		return more + "; if more must not run at a time, let it fire less often than runs take"
	}
	return more + fmt.Sprintf("; if more must not run at a time, let fires wait for their turn: scheduler modify %s "+
		"--overlap wait", j.ID)
}

// modify is how the job is changed by those flags: where it is added, if that is done again and again, as what is
// modified lasts until then.
func (f *Facts) modify(flags string) string {
	command := fmt.Sprintf("scheduler modify %s %s", f.ID, flags)
	if f.Added.By == "" {
		return command
	}
	return fmt.Sprintf("%s adds it again and again, last at %s, %s after the time before: add it with %s there; %s "+
		"lasts until then", f.Added.By, say.Time(f.Added.At), say.Duration(f.Added.After), flags, command)
}

func metLimit(v *job.RunView) bool {
	return v.Reason == job.ReasonMaxInstances || v.Reason == job.ReasonMaxWaiting
}

// limitMetBefore is for a job that is below its limit now and was at it lately: why was my run skipped?
func limitMetBefore(f *Facts) []Finding {
	j := &f.Job
	var fires int64
	var latest *job.RunView
	for i := range f.Recent {
		if v := &f.Recent[i]; metLimit(v) {
			fires += v.FireCount
			if latest == nil {
				latest = v
			}
		}
	}
	if latest == nil || len(f.Live) >= j.MaxInstances {
		return nil
	}
	look := f.Look
	look.LastRunTime = time.Time{}
	l := policy.JudgeLimit(look, j.NextRunTime, afterNext(j))
	s := fmt.Sprintf("of the latest fires %d met the limit and %s skipped, the last one that of %s: %s", fires,
		wasWere(fires), f.when(latest.LastRunTime), l.Reason())
	if l.Needed <= l.Max && !f.metLimitOf(l) { // it was another limit, or is not known
		return []Finding{toKnow(WhySkippedBefore, s+"; "+limitFits, "")}
	}
	return []Finding{toKnow(WhySkippedBefore, s+"; "+l.Remedy(), limitRemedy(f, l))}
}

// metLimitOf says that lately a fire met the very limit that there is now: whatever the rule finds, it was not enough.
func (f *Facts) metLimitOf(l *policy.AtLimit) bool {
	return slices.ContainsFunc(f.Recent, func(v job.RunView) bool {
		return metLimit(&v) && strings.Contains(v.Sentence, l.Reason())
	})
}

func wasWere(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func waitingRuns(f *Facts) []Finding {
	j := &f.Job
	if f.WaitingCount == 0 || len(f.Waiting) == 0 {
		return nil
	}
	first := f.Waiting[0]
	what := "for the next look at the job"
	switch {
	case f.paused():
		what = "for the end of the pause"
	case j.State == job.StateBlocked:
		what = "for the job to be corrected"
	case len(f.Live) >= j.MaxInstances:
		what = fmt.Sprintf("for one of %s to end", say.Count(int64(len(f.Live)), "instance", "instances"))
	}
	return []Finding{toKnow(WhyWaiting,
		fmt.Sprintf("%s %s, the first, %s (%s), since %s (%s)",
			say.Count(int64(f.WaitingCount), "run waits", "runs wait"), what,
			first.RunID, first.Cause, say.Time(first.CreatedAt), inShort(f.Now.Sub(first.CreatedAt))), "")}
}

// paused says that the job is, by itself or with others.
func (f *Facts) paused() bool { return f.Job.State == job.StatePaused || len(f.Pauses) > 0 }

func retryingRuns(f *Facts) (found []Finding) {
	for _, i := range f.Live {
		if i.State != job.InstanceRetrying {
			continue
		}
		next := "the next begins at"
		if f.paused() {
			next = "the next begins when the pause ends, and not before"
		}
		s := fmt.Sprintf("run %s is between attempts %d and %d of at most %d, and counts as an instance; %s %s (%s)",
			i.RunID,
			i.Attempt, i.Attempt+1, f.Job.MaxAttempts, next, say.Time(i.NotBefore),
			untilOrSince(i.NotBefore.Sub(f.Now)))
		found = append(found, toKnow(WhyRetrying, s,
			fmt.Sprintf("to give it up: scheduler cancel %s %s", f.ID, i.RunID)))
	}
	return found[:min(len(found), 3)]
}

// untilOrSince says how far away a moment is.
func untilOrSince(d time.Duration) string {
	if d < 0 {
		return inShort(-d) + " ago"
	}
	return "in " + inShort(d)
}

// failures counts the runs that ended badly since the last one that succeeded.
func failures(f *Facts) []Finding {
	var n int64
	var latest *job.RunView
	for i := range f.Recent {
		v := &f.Recent[i]
		if v.Outcome == job.Succeeded {
			break
		}
		if !v.Final || v.Outcome == job.Skipped || v.Outcome == job.Cancelled {
			continue
		}
		if n++; latest == nil {
			latest = v
		}
	}
	if latest == nil {
		return nil
	}
	which := "its latest run"
	if n > 1 {
		which = fmt.Sprintf("its latest %d runs", n)
	}
	failing := toKnow(WhyFailing,
		fmt.Sprintf("%s did not succeed: that of %s %s", which, f.when(latest.ScheduledRunTime), told(latest)),
		fmt.Sprintf("scheduler runs %s %s", f.ID, latest.RunID))
	failing.brief = which + " did not succeed"
	return []Finding{failing}
}

// replacedRuns is for a job whose runs replace each other before any of them ends.
func replacedRuns(f *Facts) []Finding {
	var n int64
	for i := range f.Recent {
		v := &f.Recent[i]
		if v.Outcome == job.Skipped || !v.Final {
			continue
		}
		if v.Outcome != job.Cancelled || !strings.Contains(told(v), policy.ReplacedBy) {
			break
		}
		n++
	}
	if n < 2 {
		return nil
	}
	which := fmt.Sprintf("its latest %d runs were each replaced by the next", n)
	replaced := toKnow(WhyReplaced,
		which+": while runs take longer than the gap between two fires, overlap replace lets none succeed",
		"let it fire less often, or let runs end: "+f.modify("--overlap skip"))
	replaced.brief = which
	return []Finding{replaced}
}

// told is a record's sentence, with its error where the sentence has it not.
func told(v *job.RunView) string {
	switch {
	case v.Sentence == "":
		return strings.TrimSpace(v.Outcome.InWords() + ": " + v.Error)
	case v.Error == "" || strings.Contains(v.Sentence, v.Error):
		return v.Sentence
	}
	return v.Sentence + ": " + v.Error
}
