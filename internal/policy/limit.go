package policy

import (
	"fmt"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// AtLimit tells why a fire met the limit, and what limit would have let it run.
type AtLimit struct {
	Max    int
	Oldest job.Instance // the running instance in the way that began first
	Others int          // running instances besides
	// Needed is the max_instances that no fire meets as runs go now; 0 when that is not known. Enough is the one to
	// advise: it is more than what a fire has met.
	Needed, Enough int
	Duration       time.Duration // how long runs take: the longest of the last ended ones and of the oldest running one
	Ended          bool          // Duration is that of an ended run; else a run is at it still and it can only grow
	Span           time.Duration // Duration and what may come on top: Pace.span
	Interval       time.Duration // between fires, where it differs the shortest; 0 when not known

	fires fireTimes // of the trigger, that the limit is judged by; nil: they come every Interval
}

// MeetLimit explains why the fire time at, which next follows, meets the limit: by the instances, and what begins in
// the same decision.
func MeetLimit(look Look, at, next time.Time, begun []Start) *AtLimit {
	live := look.Live
	for _, s := range begun {
		live = append(live[:len(live):len(live)], job.Instance{Run: s.Run, StartedAt: look.Now})
	}
	l := JudgeLimit(look, at, next)
	l.Oldest, l.Others = live[0], len(live)-1
	for _, i := range live {
		if i.StartedAt.Before(l.Oldest.StartedAt) {
			l.Oldest = i
		}
	}
	// A run that is longer than the last ones, but within the margin, tells nothing new.
	running := look.Now.Sub(l.Oldest.StartedAt)
	if (running > l.Span || !l.Ended) && l.Oldest.State != job.InstanceRetrying {
		l.Duration, l.Ended = running, false
		l.judge(&look)
	}
	l.Enough = max(l.Needed, l.Max+1, len(live)+1)
	return l
}

// JudgeLimit says which limit is needed where nothing need be in the way now; at and next are two fire times, or zero.
func JudgeLimit(look Look, at, next time.Time) *AtLimit {
	l := &AtLimit{Max: look.MaxInstances, Duration: look.Pace.Longest, Ended: look.Pace.Runs > 0}
	switch { // a one-off that is added again and again has its fires at the times of its adding
	case !next.IsZero() && !at.IsZero():
		l.fires = firesFrom(look.Trigger, at, next)
		l.Interval = l.fires.shortest()
	case look.Pace.Gap > 0:
		l.Interval = look.Pace.Gap
	case !look.LastRunTime.IsZero() && look.LastRunTime.Before(at):
		l.Interval = at.Sub(look.LastRunTime)
	}
	l.judge(&look)
	return l
}

// judge is the one rule of what is needed. A fire that waits for an instance is late because of the limit itself.
func (l *AtLimit) judge(look *Look) {
	pace, jitter := look.Pace, time.Duration(0)
	if look.Overlap != job.OverlapSkip {
		pace.Lateness = 0
	}
	if look.Trigger != nil {
		jitter = look.Trigger.Jitter()
	}
	l.Span = pace.span(l.Duration, l.Interval, jitter)
	if l.Needed = needed(l.Span, l.Interval); l.fires != nil {
		l.Needed = l.fires.crowd(l.Span)
	}
	l.Enough = max(l.Needed, l.Max+1)
}

// Slower is the shortest interval between fires at which Max instances are enough; 0 where they are, or where that is
// not known, as before a run has ended.
func (l *AtLimit) Slower() time.Duration {
	if !l.Ended || l.Needed <= l.Max {
		return 0
	}
	return slowest(l.Span, l.Max)
}

// Reason is the sentence by which APScheduler's users know the limit.
func (l *AtLimit) Reason() string {
	return fmt.Sprintf("maximum number of running instances reached (%d)", l.Max)
}

// Remedy says which max_instances would be enough, and why. How long a run waits for its next attempt does not measure
// it.
func (l *AtLimit) Remedy() string {
	if l.Oldest.State == job.InstanceRetrying {
		return fmt.Sprintf("max_instances %d lets one more run beside it, and a shorter retry.max makes room sooner",
			l.Enough)
	}
	if l.Interval <= 0 || l.Duration <= 0 {
		return fmt.Sprintf("max_instances %d lets one more run beside it", l.Enough)
	}
	if !l.Ended {
		return fmt.Sprintf("at least max_instances %d (a run has taken %s so far, %s; the number is sure once a run "+
			"has ended)", l.Enough, say.Duration(l.Duration), l.frequency())
	}
	return fmt.Sprintf("max_instances %d would be enough (runs take %s, with a margin %s, %s)", l.Enough,
		say.Duration(l.Duration), say.Duration(l.Span), l.frequency())
}

// frequency says how often fires come.
func (l *AtLimit) frequency() string {
	if l.fires != nil && !l.fires.even() {
		return "a fire comes every " + say.Duration(l.Interval) + " at times"
	}
	return "a fire comes every " + say.Duration(l.Interval)
}

// Sentence tells the skip for run_history.
func (l *AtLimit) Sentence(now time.Time) string {
	who := fmt.Sprintf("run %s has been running since %s (%s) on %s", l.Oldest.RunID, say.Time(l.Oldest.StartedAt),
		say.Duration(now.Sub(l.Oldest.StartedAt)), l.Oldest.Where())
	if l.Oldest.State == job.InstanceRetrying {
		who = fmt.Sprintf("run %s waits for its attempt %d until %s, and counts meanwhile", l.Oldest.RunID,
			l.Oldest.Attempt+1, say.Time(l.Oldest.NotBefore))
	}
	if l.Others > 0 {
		who += fmt.Sprintf(", and %s beside it", say.Count(int64(l.Others), "instance", "instances"))
	}
	return fmt.Sprintf("%s: %s; %s", l.Reason(), who, l.Remedy())
}
