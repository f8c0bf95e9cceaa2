package policy

import (
	"fmt"
	"math"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// AtLimit tells why a fire met the limit, and what limit would have let it run.
type AtLimit struct {
	Max    int
	Oldest job.Instance // the running instance in the way that began first
	Others int          // running instances besides
	// Enough is the max_instances that would do: ceil(Duration / Interval), and more than Max.
	Enough   int
	Duration time.Duration // how long runs take: the longest of the recent ended ones and of the oldest running one
	Ended    bool          // Duration is that of an ended run; else a run is at it still and it can only grow
	Interval time.Duration // between fires; 0 when not known
}

// MeetLimit explains why the fire time at, which next follows, meets the limit: by the instances, and what begins in
// the same decision.
func MeetLimit(look Look, at, next time.Time, begun []Start) *AtLimit {
	live := look.Live
	for _, s := range begun {
		live = append(live[:len(live):len(live)], job.Instance{Run: s.Run, StartedAt: look.Now})
	}
	l := &AtLimit{Max: look.MaxInstances, Oldest: live[0], Others: len(live) - 1, Duration: look.RecentDuration,
		Ended: true}
	for _, i := range live {
		if i.StartedAt.Before(l.Oldest.StartedAt) {
			l.Oldest = i
		}
	}
	if running := look.Now.Sub(l.Oldest.StartedAt); running > l.Duration && l.Oldest.State != job.InstanceRetrying {
		l.Duration, l.Ended = running, false
	}
	switch { // a one-off that is added again and again has its fires at the times of its adding
	case !next.IsZero():
		l.Interval = next.Sub(at)
	case look.RecentGap > 0:
		l.Interval = look.RecentGap
	case !look.LastRunTime.IsZero() && look.LastRunTime.Before(at):
		l.Interval = at.Sub(look.LastRunTime)
	}
	l.Enough = max(Enough(l.Duration, l.Interval), l.Max+1, len(live)+1)
	if !l.Ended && l.Interval > 0 { // it goes on: the fires so far, and one more
		l.Enough = max(l.Enough, int(l.Duration/l.Interval)+1)
	}
	return l
}

// Enough is ceil(duration / interval), where an overrun below a tenth of an interval does not count: the start of a
// process makes a run of 60 s take 60.02 s, and its fires do not come to the millisecond.
func Enough(duration, interval time.Duration) int {
	if interval <= 0 {
		return 0
	}
	return int(math.Ceil(float64(duration)/float64(interval) - 0.1))
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
	if l.Interval <= 0 {
		return fmt.Sprintf("max_instances %d lets one more run beside it", l.Enough)
	}
	if !l.Ended {
		return fmt.Sprintf("at least max_instances %d (a run has taken %s so far, a fire comes every %s; the number "+
			"is sure once a run has ended)",
			l.Enough, say.Duration(l.Duration), say.Duration(l.Interval))
	}
	return fmt.Sprintf("max_instances %d would be enough (runs take %s, a fire comes every %s)", l.Enough,
		say.Duration(l.Duration), say.Duration(l.Interval))
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
