package scheduler

import (
	"fmt"
	"math"
	"time"
)

// removeAfter is how long a finished job stays before a claim removes it.
const removeAfter = 24 * time.Hour

// Decision is what a look at a due job changes, all in one transaction.
type Decision struct {
	Begin       []Run
	Skip        []Record
	AtLimit     *AtLimit // set when a fire was skipped at max_instances
	Remove      bool     // the job is finished for good: remove it
	State       State
	NextRunTime time.Time
	LastRunTime time.Time
	DueAt       time.Time
	Error       string // why State is blocked
}

// Plan says what job j should do at now: which runs begin, which are skipped and why, the next run time, and when to
// look again. It reads no clock and no database.
func Plan(j Job, now time.Time, live []Instance, waiting []WaitingRun) Decision {
	d := Decision{State: j.State, NextRunTime: j.NextRunTime, LastRunTime: j.LastRunTime, DueAt: j.DueAt, Error: j.Error}
	switch j.State {
	case StateFinished:
		d.Remove = len(live) == 0 && len(waiting) == 0
		d.DueAt = now.Add(removeAfter)
		return d
	case StateActive:
	default: // paused or blocked: nothing to do until a person acts
		d.DueAt = time.Time{}
		return d
	}
	if j.NextRunTime.IsZero() { // the trigger knew of no fire time up to DueAt and asked to be asked again
		d.advance(j, j.DueAt, now)
		if j.NextRunTime = d.NextRunTime; j.NextRunTime.IsZero() {
			return d
		}
	}
	if j.NextRunTime.After(now) && !d.DueAt.After(now) { // mended by hand
		d.DueAt = j.fireAt(j.NextRunTime)
	}
	if d.DueAt.After(now) { // jitter was drawn when DueAt was set; it is not drawn anew
		return d
	}
	d.fire(j, now, live)
	return d
}

// fire decides all fire times from j.NextRunTime up to now: the latest one runs or is skipped, the earlier ones are
// coalesced into it.
func (d *Decision) fire(j Job, now time.Time, live []Instance) {
	latest := j.NextRunTime
	if last, ok := j.Trigger.Last(latest, now); ok {
		latest = last
		d.Skip = append(d.Skip, j.coalesced(latest))
	}
	run := j.run(latest)
	d.advance(j, latest, now)
	if len(live) < j.MaxInstances {
		d.Begin = append(d.Begin, run)
	} else {
		d.AtLimit = atLimit(j, latest, d.NextRunTime, now, live)
		d.Skip = append(d.Skip, Record{
			Run: run, Final: true, Outcome: Skipped, Reason: ReasonMaxInstances, Sentence: d.AtLimit.Sentence(now),
			FireCount: 1, FirstRunTime: latest, LastRunTime: latest,
		})
	}
	d.LastRunTime = latest
}

// advance sets the next run time to the first one after the given fire time, and when to look for it.
func (d *Decision) advance(j Job, after, now time.Time) {
	next, again := j.Trigger.Next(after)
	d.NextRunTime = next
	switch {
	case !next.IsZero():
		d.DueAt = j.fireAt(next)
	case !again.IsZero():
		d.DueAt = again
	default:
		d.State, d.DueAt = StateFinished, now.Add(removeAfter)
	}
}

// fireAt draws when the fire time at is to begin: at itself, or later by the trigger's jitter. The draw lasts as due time.
func (j *Job) fireAt(at time.Time) time.Time { return at.Add(j.Trigger.Delay(at)) }

// coalesced is the record of all fire times from the next run time on that the later one stands for.
func (j *Job) coalesced(by time.Time) Record {
	first := j.NextRunTime
	before := by.Add(-time.Microsecond)
	r := j.SkipRecord(ReasonCoalesced, first, before)
	r.Sentence = fmt.Sprintf("%s overdue and coalesced into the run of %s", plural(r.FireCount, "fire time was", "fire times were"), stamp(by))
	return r
}

// SkipRecord is the record of the fire times from first, which is one, up to and including until, all skipped for one
// reason. The caller adds the sentence.
func (j *Job) SkipRecord(reason Reason, first, until time.Time) Record {
	r := Record{
		Run: j.run(first), Final: true, Outcome: Skipped, Reason: reason,
		FireCount: 1, FirstRunTime: first, LastRunTime: first,
	}
	if j.Trigger == nil { // its row holds none that can be read
		return r
	}
	if last, ok := j.Trigger.Last(first, until); ok {
		n, _ := j.Trigger.Count(first, until)
		r.FireCount, r.LastRunTime = 1+n, last
	}
	return r
}

// run is the scheduled run of a fire time, on its first attempt.
func (j *Job) run(at time.Time) Run {
	return Run{
		JobID: j.ID, RunID: RunID(j.ID, j.CreatedRevision, at, CauseSchedule), Cause: CauseSchedule,
		ScheduledRunTime: at, Attempt: 1, JobRevision: j.Revision,
	}
}

// AtLimit tells why a fire met the limit, and what limit would have let it run.
type AtLimit struct {
	Max    int
	Oldest Instance // the running instance in the way that began first
	Others int      // running instances besides
	// Enough is the max_instances that would do: ceil(Duration / Interval), and more than Max.
	Enough   int
	Duration time.Duration // how long runs take: the longest of the recent ended ones and of the oldest running one
	Ended    bool          // Duration is that of an ended run; else a run is at it still and it can only grow
	Interval time.Duration // between fires; 0 when not known
}

func atLimit(j Job, at, next, now time.Time, live []Instance) *AtLimit {
	l := &AtLimit{Max: j.MaxInstances, Oldest: live[0], Others: len(live) - 1, Duration: j.RecentDuration, Ended: true}
	for _, i := range live {
		if i.StartedAt.Before(l.Oldest.StartedAt) {
			l.Oldest = i
		}
	}
	if running := now.Sub(l.Oldest.StartedAt); running > l.Duration {
		l.Duration, l.Ended = running, false
	}
	switch { // a one-off that is added again and again has its fires at the times of its adding
	case !next.IsZero():
		l.Interval = next.Sub(at)
	case !j.LastRunTime.IsZero() && j.LastRunTime.Before(at):
		l.Interval = at.Sub(j.LastRunTime)
	}
	l.Enough = max(enough(l.Duration, l.Interval), l.Max+1)
	return l
}

// enough is ceil(duration / interval), where an overrun below a tenth of an interval does not count: the start of a
// process makes a run of 60 s take 60.02 s, and its fires do not come to the millisecond.
func enough(duration, interval time.Duration) int {
	if interval <= 0 {
		return 0
	}
	return int(math.Ceil(float64(duration)/float64(interval) - 0.1))
}

// Reason is the sentence by which APScheduler's users know the limit.
func (l *AtLimit) Reason() string {
	return fmt.Sprintf("maximum number of running instances reached (%d)", l.Max)
}

// Remedy says which max_instances would be enough, and why.
func (l *AtLimit) Remedy() string {
	if l.Interval <= 0 {
		return fmt.Sprintf("max_instances %d lets one more run beside it", l.Enough)
	}
	if !l.Ended {
		return fmt.Sprintf("at least max_instances %d (a run has taken %s so far, a fire comes every %s; the number is sure once a run has ended)",
			l.Enough, short(l.Duration), short(l.Interval))
	}
	return fmt.Sprintf("max_instances %d would be enough (runs take %s, a fire comes every %s)", l.Enough, short(l.Duration), short(l.Interval))
}

// Sentence tells the skip for run_history.
func (l *AtLimit) Sentence(now time.Time) string {
	who := fmt.Sprintf("run %s has been running since %s (%s) on %s", l.Oldest.RunID, stamp(l.Oldest.StartedAt),
		short(now.Sub(l.Oldest.StartedAt)), l.Oldest.Where())
	if l.Others > 0 {
		who += fmt.Sprintf(", and %s beside it", plural(int64(l.Others), "instance", "instances"))
	}
	return fmt.Sprintf("%s: %s; %s", l.Reason(), who, l.Remedy())
}

// Where names the node that an instance runs on.
func (i *Instance) Where() string {
	if i.Node == "" {
		return "node " + i.NodeID.String()
	}
	return i.Node
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999 UTC") }

// short writes a duration to the precision that a person needs.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
