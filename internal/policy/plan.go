package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

const (
	// removeAfter is how long a finished job stays before a claim removes it.
	removeAfter = 24 * time.Hour
	// RelookAtLimit is how long a job that waits at its limit is left alone, should nobody make it due.
	RelookAtLimit = 15 * time.Second
)

// Decision is what a look at a due job changes, all in one transaction.
type Decision struct {
	Begin       []Start          // runs that become running instances, or begin their next attempt
	GiveUp      []GivenUp        // retrying runs that get no further attempt
	Wait        []job.WaitingRun // runs that are to wait
	Unwait      []job.Run        // runs that waited and are skipped, each with a record in Skip
	Cancel      []Replaced       // instances that are asked to cancel
	Skip        []job.Record
	AtLimit     *AtLimit // set when a fire met max_instances, whatever became of it
	Remove      bool     // the job is finished for good: remove it
	State       job.State
	NextRunTime time.Time
	LastRunTime time.Time
	DueAt       time.Time
	Error       string // why State is blocked
	Moved       bool   // as in Job
	ZoneRules   int64  // as in Job
}

// Start is a run that begins, at its fire time or after it has waited.
type Start struct {
	job.Run
	job.StandsFor
	Payload string // what a manual run was given
	Waited  bool   // its row in waiting_runs goes
	Retry   bool   // it is a running instance already, between two attempts
}

// GivenUp is a run between two attempts that ends as cancelled, and why.
type GivenUp struct {
	job.Run
	At       time.Time // when that was decided: what takes its place begins at the same moment
	Sentence string
}

// Replaced is an instance that is to end because a run waits to take its place.
type Replaced struct {
	job.Instance
	Request job.CancelRequest
}

// Plan says what a job should do now: which runs begin, wait or are skipped and why, the next run time, and when to
// look again. It reads no clock and no database.
//
// One look begins one run at most, as a claim takes one slot for each job that it locks. Where more could begin, the
// job is left due at once.
func Plan(l Look) Decision {
	p := planner{look: l, count: max(l.WaitingCount, len(l.Waiting)), foundWaiting: len(l.Waiting) > 0}
	p.d = Decision{State: l.State, NextRunTime: l.NextRunTime, LastRunTime: l.LastRunTime, Error: l.Error,
		Moved: l.Moved, ZoneRules: l.ZoneRules}
	if l.State == job.StateBlocked || l.State == job.StatePaused {
		return p.d // never due: nothing to do until a person acts
	}
	if l.pausedWith() != nil {
		p.park()
		return p.d
	}
	p.endPauses()
	p.retry()
	if p.free() > 0 && len(l.Waiting) > 0 && !p.begun() {
		p.beginWaiting(l.Waiting[0])
	}
	if p.d.State == job.StateActive {
		p.fire()
	}
	p.lookAgain()
	return p.d
}

// planner carries a decision through its steps.
type planner struct {
	look         Look
	count        int       // how many wait, with those that this decision adds
	foundWaiting bool      // some waited when the look began
	dueAt        time.Time // of the next fire; zero for none
	retryAt      time.Time // of the next attempt of a retrying run; zero for none
	d            Decision
}

func (p *planner) beginWaiting(w job.WaitingRun) {
	w.Run.JobRevision = p.look.Revision
	p.count--
	p.begin(Start{Run: w.Run, StandsFor: w.StandsFor, Payload: w.Payload, Waited: true})
}

func (p *planner) begin(s Start) {
	p.d.Begin = append(p.d.Begin, s)
}

// free is how many instances are not running, with what this decision begins and gives up.
func (p *planner) free() int {
	running := len(p.look.Live) - len(p.d.GiveUp)
	for _, s := range p.d.Begin {
		if !s.Retry { // else it is among the live
			running++
		}
	}
	return max(0, p.look.MaxInstances-running)
}

// begun says whether this look has begun its run.
func (p *planner) begun() bool { return len(p.d.Begin) > 0 }

// fire decides all fire times that are due, and finds the next one.
func (p *planner) fire() {
	if p.look.NextRunTime.IsZero() { // the trigger knew of no fire time up to DueAt and asked to be asked again
		p.advance(p.look.DueAt)
		if p.look.NextRunTime = p.d.NextRunTime; p.look.NextRunTime.IsZero() {
			return
		}
	}
	switch p.dueAt = p.look.DueAt; {
	case p.dueAt.After(p.look.Now): // jitter was drawn when DueAt was set; it is not drawn anew
		return
	// looked at for another reason, mended by hand, or the clock was set back
	case p.look.NextRunTime.After(p.look.Now):
		p.dueAt = fireAt(p.look.Trigger, p.look.NextRunTime)
		return
	case p.begun() || len(p.d.Wait) > 0: // for the next look
		p.dueAt = p.look.Now
		return
	}
	latest := p.look.NextRunTime
	if last, ok := p.look.Trigger.Last(latest, p.look.Now); ok {
		latest = last
	}
	p.advance(latest) // first, as a skip explains itself with the next fire time
	p.d.LastRunTime = latest
	p.coalesce(p.look.NextRunTime, latest)
}

// place decides one fire: it begins, or the limit stands in its way and the overlap policy says what it does then. How
// late it is is judged after the limit, as in APScheduler.
func (p *planner) place(at time.Time, stands job.StandsFor) {
	run := p.look.RunOf(at)
	if p.runs(run) {
		return
	}
	if p.free() > 0 && p.count == 0 {
		if p.misfired(at) {
			p.skipMisfire(run)
		} else {
			p.begin(Start{Run: run, StandsFor: stands})
		}
		return
	}
	p.d.AtLimit = MeetLimit(p.look, at, p.d.NextRunTime, p.d.Begin)
	switch p.look.Overlap {
	case job.OverlapWait:
		p.waitOrSkip(run, stands)
	case job.OverlapReplace:
		p.replace(run, stands)
	default:
		p.skip(run, job.ReasonMaxInstances, p.d.AtLimit.Sentence(p.look.Now))
	}
}

// runs says whether a fire's run is running already: the next run time was set back by hand. The end of that run is the
// fire's record.
func (p *planner) runs(run job.Run) bool {
	return slices.ContainsFunc(p.look.Live, func(i job.Instance) bool { return i.RunID == run.RunID })
}

// waitOrSkip lets a fire wait while there is room.
func (p *planner) waitOrSkip(run job.Run, stands job.StandsFor) {
	switch {
	case p.misfired(run.ScheduledRunTime):
		p.skipMisfire(run)
	case p.count >= p.look.MaxWaiting: // as hasRoom, with what this look adds
		p.skip(run, job.ReasonMaxWaiting,
			fmt.Sprintf("maximum number of waiting runs reached (%d); %s", p.look.MaxWaiting,
				p.d.AtLimit.Sentence(p.look.Now)))
	default:
		p.wait(run, stands)
	}
}

func (p *planner) wait(run job.Run, stands job.StandsFor) {
	w := job.WaitingRun{Run: run, StandsFor: stands, CreatedAt: p.look.Now}
	p.d.Wait = append(p.d.Wait, w)
	p.count++
}

func (p *planner) misfired(at time.Time) bool {
	return p.look.MisfireGraceTime > 0 && p.look.Now.Sub(at) > p.grace()
}

// grace is how late a fire may be looked at: its jitter is a delay of our own and does not count.
func (p *planner) grace() time.Duration { return p.look.MisfireGraceTime + p.look.Trigger.Jitter() }

func (p *planner) skipMisfire(run job.Run) {
	p.skip(run, job.ReasonMisfire, fmt.Sprintf("was looked at %s after its time, and misfire_grace_time is %s",
		say.Duration(p.look.Now.Sub(run.ScheduledRunTime)), say.Duration(p.look.MisfireGraceTime)))
}

// skip records a fire that does not run.
func (p *planner) skip(run job.Run, reason job.Reason, sentence string) {
	p.d.Skip = append(p.d.Skip, job.Record{
		Run: run, Final: true, Outcome: job.Skipped, Reason: reason, Sentence: sentence,
		FireCount: 1, FirstRunTime: run.ScheduledRunTime, LastRunTime: run.ScheduledRunTime,
	})
}

// skipSpan records fire times that share one fate.
func (p *planner) skipSpan(r job.Record, why string) {
	r.Sentence = say.Count(r.FireCount, "fire time was", "fire times were") + " " + why
	p.d.Skip = append(p.d.Skip, r)
}

// advance finds the next fire time after the given one, and when it is due.
func (p *planner) advance(after time.Time) {
	next := fireAfter(p.look.Trigger, after)
	p.d.NextRunTime, p.dueAt, p.d.Moved, p.d.ZoneRules = next.at, next.dueAt, false, p.look.Trigger.Rules()
	if next.none() {
		p.d.State = job.StateFinished
	}
}

// lookAgain sets when a claim must next look at the job. A look that finds a waiting list empty and leaves it filled
// leaves the job due at once; only a look that found it filled parks the job. So an instance that ends in between is
// seen: either its completion sees the waiting run, or the next look sees the free instance.
func (p *planner) lookAgain() {
	d := &p.d
	switch {
	case d.State == job.StateActive:
		d.DueAt = p.dueAt
	case d.State == job.StateFinished && p.count == 0:
		d.Remove = p.look.State == job.StateFinished && len(p.look.Live) == 0 && len(d.Begin) == 0
		d.DueAt = p.look.Now.Add(removeAfter)
	}
	if !p.retryAt.IsZero() && (d.DueAt.IsZero() || p.retryAt.Before(d.DueAt)) {
		d.DueAt = p.retryAt
	}
	if p.count > 0 {
		relook := p.look.Now
		if p.foundWaiting && p.free() == 0 {
			relook = p.look.Now.Add(RelookAtLimit)
		}
		if d.DueAt.IsZero() || relook.Before(d.DueAt) {
			d.DueAt = relook
		}
	}
}
