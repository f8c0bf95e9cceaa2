package job

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Cause is why a run exists.
type Cause string

const (
	CauseSchedule Cause = "schedule" // a fire of the trigger
	CauseManual   Cause = "manual"   // somebody asked for a run now
)

// Outcome is how a run, or one attempt of it, ended.
type Outcome string

const (
	Succeeded Outcome = "succeeded"
	Failed    Outcome = "failed"
	TimedOut  Outcome = "timed_out"
	Cancelled Outcome = "cancelled"
	Lost      Outcome = "lost"    // its node died, lost its lease or was stopped while it ran
	Skipped   Outcome = "skipped" // it never began; a Reason says why
)

// InWords is the outcome as the predicate of a sentence whose subject is the attempt.
func (o Outcome) InWords() string {
	switch o {
	case TimedOut:
		return "timed out"
	case Cancelled, Lost:
		return "was " + string(o)
	default:
		return string(o)
	}
}

// Reason is why a fire was skipped.
type Reason string

const (
	ReasonMaxInstances Reason = "max_instances"  // as many instances as max_instances were running
	ReasonMaxWaiting   Reason = "max_waiting"    // and as many runs as max_waiting waited
	ReasonMisfire      Reason = "misfire"        // later than misfire_grace_time
	ReasonCoalesced    Reason = "coalesced"      // an overdue fire time that another one stands for
	ReasonCatchUpLimit Reason = "catch_up_limit" // an overdue fire time beyond those that run one by one
	ReasonPaused       Reason = "paused"         // due while the job was paused
	ReasonRescheduled  Reason = "rescheduled"    // due when the trigger was changed
	ReasonRemoved      Reason = "removed"        // due, or waiting, when the job was removed
	ReasonReplaced     Reason = "replaced"       // waited to replace an instance when a later fire did
)

// Run identifies one firing of a job.
type Run struct {
	JobID            string
	RunID            uuid.UUID
	Cause            Cause
	ScheduledRunTime time.Time
	Attempt          int   // from 1
	JobRevision      int64 // of the definition that the attempt runs
}

// StandsFor is what a run is told about the fire times that it stands for, itself included: one, or all that were
// overdue. Their outcomes are recorded on their own.
type StandsFor struct {
	FireCount    int64
	FirstRunTime time.Time
	LastRunTime  time.Time
}

// Instance is a running instance: a run that has begun and not ended.
type Instance struct {
	Run
	StandsFor
	State     string    // InstanceExecuting or InstanceRetrying
	NotBefore time.Time // of a retrying one: when its next attempt may begin
	Payload   string    // what a manual run was given, "" for none; read of retrying ones only
	NodeID    uuid.UUID
	Node      string // the node's name, "" when its row is gone
	StartedAt time.Time
	Deadline  time.Time // when its timeout passes; zero without one
	Trouble   string    // what a person must see to while it goes on, as a process that cannot be killed
	Cancel    CancelRequest
}

// Where names the node that an instance runs on.
func (i *Instance) Where() string {
	if i.State == InstanceRetrying {
		return "no node, as it is between two attempts"
	}
	if i.Node == "" {
		return "node " + i.NodeID.String()
	}
	return i.Node
}

// States of an Instance.
const (
	InstanceExecuting = "executing" // on its node
	InstanceRetrying  = "retrying"  // between two attempts
)

// WaitingRun is a run that has not begun and waits for a free instance.
type WaitingRun struct {
	Run
	StandsFor
	CreatedAt time.Time
	Front     bool   // begins before all others: it replaces the oldest instance
	Payload   string // what a manual run was given, "" for none
}

// Attempt is what an executor gets: a committed running instance and the definition to run.
type Attempt struct {
	Instance
	Definition Definition
	// Trusted says whether the node may begin work at this very moment. It is asked right before anything of the work
	// leaves the node: a process that was frozen does not know how long. nil: it may.
	Trusted func() bool
	// Trouble is told what a person must see to while the attempt goes on. nil: nobody listens.
	Trouble func(string)
}

// Tell tells what a person must see to.
func (a *Attempt) Tell(trouble string) {
	if a.Trouble != nil {
		a.Trouble(trouble)
	}
}

// MayBegin says whether the work may begin at this very moment.
func (a *Attempt) MayBegin() bool { return a.Trusted == nil || a.Trusted() }

// NotBegun is the result of an attempt whose work did not begin, because the node was no longer trusted.
func NotBegun() Result {
	return Result{Outcome: Lost, Error: "the node's lease ran out before the work could begin"}
}

// Result is how an executor says that an attempt ended.
type Result struct {
	Outcome Outcome
	Error   string // one line, "" on success
	Output  string // tail of what the work printed or answered, valid UTF-8
	Status  *int   // exit code or HTTP status, nil when there is none
	// RetryAfter is how long the receiver of the work asked to be left alone before another attempt; 0: it did not ask.
	RetryAfter time.Duration
}

// Record is a row of run_history: an attempt that ended, or one or more fire times that were skipped.
type Record struct {
	Run
	Final   bool          // false for an attempt that will be followed by another
	RetryIn time.Duration // of an attempt that is not final: the wait before the next one
	// RetryAfter is the wait that the receiver of the work asked for.
	RetryAfter time.Duration
	Outcome    Outcome
	Reason     Reason // of Skipped only
	Sentence   string // the whole story for a person
	StartedAt  time.Time
	EndedAt    time.Time     // when the end was recorded
	Took       time.Duration // of the work, by its node's clock; 0 where nobody measured
	NodeID     uuid.UUID
	Node       string
	Error      string
	Output     string
	Status     *int
	// FireCount is how many fire times the record stands for; with more than one, they lie in [FirstRunTime,
	// LastRunTime].
	FireCount    int64
	FirstRunTime time.Time
	LastRunTime  time.Time
}

// End is an attempt's end that is recorded.
type End struct {
	Record
	Executor string
}

// runNamespace is the UUIDv5 namespace of run ids (RFC 9562, section 5.5).
var runNamespace = uuid.MustParse("6f1cf1a2-6c3b-5f0e-9a57-0e3c1f0a7d11")

// RunID is the id of a scheduled run: a UUIDv5 of what makes it that run, so that the key the work sees stays equal
// over attempts, take-over and failover. The creation's revision keeps a re-added job's runs apart from its
// predecessor's.
func RunID(jobID string, createdRevision int64, scheduled time.Time, cause Cause) uuid.UUID {
	name := fmt.Sprintf("%d:%s:%d:%s:%s", len(jobID), jobID, createdRevision, scheduled.UTC().Format(time.RFC3339Nano),
		cause)
	return uuid.NewSHA1(runNamespace, []byte(name))
}

// RunIDOf is the id of the run of a fire time of j's trigger. The fire times of a changed trigger are others than those
// of the one before: they may fall on one that was decided ahead of its time.
func (j *Job) RunIDOf(at time.Time) uuid.UUID {
	id := RunID(j.ID, j.CreatedRevision, at, CauseSchedule)
	if !j.Anchor.Equal(j.CreatedAt) {
		id = uuid.NewSHA1(id, []byte(j.Anchor.UTC().Format(time.RFC3339Nano)))
	}
	return id
}

// RunOf is the scheduled run of a fire time, on its first attempt.
func (j *Job) RunOf(at time.Time) Run {
	return Run{
		JobID: j.ID, RunID: j.RunIDOf(at), Cause: CauseSchedule,
		ScheduledRunTime: at, Attempt: 1, JobRevision: j.Revision,
	}
}

// ManualRun is a run that somebody asks for at now. Its id is random: each is a run of its own.
func (j *Job) ManualRun(now time.Time) WaitingRun {
	return WaitingRun{
		Run: Run{JobID: j.ID, RunID: uuid.New(), Cause: CauseManual, ScheduledRunTime: now, Attempt: 1,
			JobRevision: j.Revision},
		StandsFor: StandsFor{FireCount: 1, FirstRunTime: now, LastRunTime: now},
		CreatedAt: now,
	}
}

// SkipRecord is the record of the fire times from first, which is one, up to and including until, all skipped for one
// reason. The caller adds the sentence.
func (j *Job) SkipRecord(reason Reason, first, until time.Time) Record {
	r := Record{
		Run: j.RunOf(first), Final: true, Outcome: Skipped, Reason: reason,
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
