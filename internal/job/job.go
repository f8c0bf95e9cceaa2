package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/pgdue/pgdue/internal/trigger"
)

// Definition is a job as its user wrote it, with the defaults filled in.
type Definition struct {
	ID      string           // 1–200 of A-Za-z0-9._:@-
	Trigger *trigger.Trigger // when, not yet anchored
	Work    Work             // what
	// MaxInstances is how many running instances the job may have, counted by job id; at least 1, default 1.
	MaxInstances int
	Overlap      string // what a fire does at the limit: OverlapSkip (default), OverlapWait
	MaxWaiting   int    // how many runs may wait, for whatever cause; default 100
	// Coalesce is what several overdue fire times become: CoalesceLatest (default), CoalesceEarliest, CoalesceAll
	Coalesce string
	// MisfireGraceTime is how late a run may be when its fire is decided; later it is skipped. 0: however late.
	MisfireGraceTime time.Duration
	Timeout          time.Duration // longest duration of an attempt; 0: the executor's default (see EffectiveTimeout)
	// KillGrace is how long a program that is stopped has between SIGTERM and SIGKILL; 0: the executor's default (see
	// EffectiveKillGrace).
	KillGrace time.Duration
	// OnContactLost is what becomes of running work when its node cannot reach the database: ContactLostContinue
	// (default), ContactLostStop
	OnContactLost string
	MaxAttempts   int        // attempts of one run, a lost one counts; at least 1, default 1
	Retry         Retry      // how long a run waits between two attempts
	RetryOn       []string   // what is tried again, see RetryOn*; nil: what failed, timed out or was lost
	History       string     // what of the successes is kept: HistoryAll (default), HistoryErrors
	OnFailure     *OnFailure // what is done when runs go on failing; nil: nothing
	// AlertIfNoSuccessFor is how long the job may be without a success before OnFailure's actions are taken. 0: however
	// long.
	AlertIfNoSuccessFor time.Duration
	Labels              map[string]string
}

const (
	OverlapSkip    = "skip"    // the fire is skipped and recorded
	OverlapWait    = "wait"    // the fire waits for an instance to end
	OverlapReplace = "replace" // the fire waits before all others, and the oldest instance is asked to cancel

	ContactLostContinue = "continue" // it goes on, unless its node is judged dead
	ContactLostStop     = "stop"     // it is stopped before anybody can have judged its node dead

	HistoryAll    = "all"    // a row for each run
	HistoryErrors = "errors" // the successes of an hour become one row

	CoalesceLatest   = "latest"   // one run, of the latest overdue fire time; the others are recorded as coalesced
	CoalesceEarliest = "earliest" // one run, of the earliest
	CoalesceAll      = "all"      // the oldest 1,000 run one by one; the others are recorded
)

// Defaults is a definition with the defaults of all policies, and nothing else.
func Defaults() Definition {
	return Definition{
		MaxInstances: 1, Overlap: OverlapSkip, MaxWaiting: 100, Coalesce: CoalesceLatest, MaxAttempts: 1,
		OnContactLost: ContactLostContinue, History: HistoryAll,
	}
}

// Executor names the kind of work; "" where it is not known.
func (d *Definition) Executor() string {
	if d.Work == nil {
		return ""
	}
	return d.Work.Kind().Name
}

// Queue says which nodes may claim the job: those that serve this queue. "" where the work is not known.
func (d *Definition) Queue() string {
	if d.Work == nil {
		return ""
	}
	return d.Work.Queue()
}

// EffectiveTimeout is the longest duration of an attempt, that of the kind of work where the definition sets none; 0 is
// no limit.
func (d *Definition) EffectiveTimeout() time.Duration {
	if d.Timeout == 0 && d.Work != nil {
		return d.Work.Kind().Timeout
	}
	return d.Timeout
}

// EffectiveKillGrace is how long a program that is stopped has between SIGTERM and SIGKILL.
func (d *Definition) EffectiveKillGrace() time.Duration { return cmp.Or(d.KillGrace, DefaultKillGrace) }

// Equal compares all but the trigger.
func (d *Definition) Equal(e *Definition) bool {
	return d.Executor() == e.Executor() && SameStored(d.Work, e.Work) && maps.Equal(d.Labels, e.Labels) &&
		d.MaxInstances == e.MaxInstances && d.Overlap == e.Overlap && d.MaxWaiting == e.MaxWaiting &&
		d.Coalesce == e.Coalesce && d.MisfireGraceTime == e.MisfireGraceTime && d.Timeout == e.Timeout &&
		d.KillGrace == e.KillGrace && d.OnContactLost == e.OnContactLost &&
		d.MaxAttempts == e.MaxAttempts && d.Retry.Equal(e.Retry) && slices.Equal(d.RetryOn, e.RetryOn) &&
		d.History == e.History && SameStored(d.OnFailure, e.OnFailure) && d.AlertIfNoSuccessFor == e.AlertIfNoSuccessFor
}

// SameStored compares by what is stored, in which absent and empty are the same.
func SameStored(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		return reflect.DeepEqual(a, b)
	}
	return bytes.Equal(x, y)
}

// State is where a job is in its life.
type State string

const (
	StateActive   State = "active"   // has a next run time
	StatePaused   State = "paused"   // has a next run time that does not begin runs
	StateFinished State = "finished" // will not fire again; its id is free
	StateBlocked  State = "blocked"  // could not be decided or written; Error says why, a person must act
)

// Job is a stored job. Times are UTC; a zero time is null.
type Job struct {
	Definition // its Trigger is anchored at Anchor

	Anchor          time.Time // from which the trigger counts: creation, or the last change of the trigger
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Revision        int64 // grows with every change, over all jobs
	CreatedRevision int64 // the Revision at creation: tells a job from an earlier one of the same id

	State       State
	NextRunTime time.Time // zero only when finished
	LastRunTime time.Time // the last fire time that was decided, of this job or an earlier one of the same id
	DueAt       time.Time // when a claim must next look, for whatever reason; zero when blocked
	Error       string    // why the job is blocked
	// Moved says that somebody moved NextRunTime, or skipped the one before ahead of its time.
	Moved bool
	// ZoneRules is the trigger.Rules by which NextRunTime was computed; 0 where it depends on no zone's rules.
	ZoneRules int64

	PausedAt     time.Time // since when the job is paused; zero when it is not
	PausedBy     string    // who paused it
	PausedReason string    // why
}

// Overview is a job with what stands around it: what a person asks first.
type Overview struct {
	Job
	Running     int       // running instances of this id now
	Waiting     int       // runs that wait for an instance
	LastRan     time.Time // run time of the run that began last, zero where none is among the latest records
	LastOutcome string    // code of the latest final record, "" when there is none
	LastReason  string    // reason of that record when it was skipped
	LastEndedAt time.Time // when that record was written
	Problem     string    // a sentence on what keeps the job from running, "" when nothing does
	Held        Held      // the pause of others that keeps the job from beginning runs
}

// Held is a pause of a job's label, or of everything, that holds a job which is not paused itself.
type Held struct {
	With   string // "label team=web" or "everything"; "": nothing holds the job
	At     time.Time
	By     string
	Reason string
}
