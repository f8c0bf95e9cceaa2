package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/trigger"
)

// Equal compares all but the trigger.
func (d *Definition) Equal(e *Definition) bool {
	return maps.Equal(d.Labels, e.Labels) && equalWork(d.Work, e.Work) && d.MaxInstances == e.MaxInstances &&
		d.Overlap == e.Overlap && d.MaxWaiting == e.MaxWaiting && d.Coalesce == e.Coalesce &&
		d.MisfireGraceTime == e.MisfireGraceTime && d.Timeout == e.Timeout && d.MaxAttempts == e.MaxAttempts && d.Retry == e.Retry &&
		slices.Equal(d.RetryOn, e.RetryOn) && d.History == e.History && SameStored(d.OnFailure, e.OnFailure) &&
		d.AlertIfNoSuccessFor == e.AlertIfNoSuccessFor
}

func equalWork(a, b Work) bool {
	return a.Executor() == b.Executor() && SameStored(a, b)
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

// Definition is a job as its user wrote it, with the defaults filled in.
type Definition struct {
	ID      string           // 1–200 of A-Za-z0-9._:@-
	Trigger *trigger.Trigger // when, not yet anchored
	Work                     // what, exactly one kind
	// MaxInstances is how many running instances the job may have, counted by job id; at least 1, default 1.
	MaxInstances int
	Overlap      string // what a fire does at the limit: OverlapSkip (default), OverlapWait
	MaxWaiting   int    // how many runs may wait with OverlapWait; default 100
	Coalesce     string // what several overdue fire times become: CoalesceLatest (default), CoalesceEarliest, CoalesceAll
	// MisfireGraceTime is how late a run may be when its fire is decided; later it is skipped. 0: however late.
	MisfireGraceTime time.Duration
	Timeout          time.Duration // longest duration of an attempt; 0: the executor's default (see EffectiveTimeout)
	MaxAttempts      int           // attempts of one run, a lost one counts; at least 1, default 1
	Retry            Retry         // how long a run waits between two attempts
	RetryOn          []string      // what is tried again, see RetryOn*; nil: what failed, timed out or was lost
	History          string        // what of the successes is kept: HistoryAll (default), HistoryErrors
	OnFailure        *OnFailure    // what is done when runs go on failing; nil: nothing
	// AlertIfNoSuccessFor is how long the job may be without a success before OnFailure's actions are taken. 0: however long.
	AlertIfNoSuccessFor time.Duration
	Labels              map[string]string
}

// Retry is an exponential backoff with jitter. Zero fields have their defaults.
type Retry struct {
	Min    time.Duration // longest wait before the second attempt; default 1 s
	Max    time.Duration // longest wait before any attempt; default 5 min
	Factor float64       // by how much the wait grows with each attempt; default 2
}

// OnFailure is done once when the last After final outcomes were failures, and HTTP once more when a run succeeds again.
type OnFailure struct {
	After int   `json:"after"`           // so many failed, timed out or lost runs in a row, at least 1
	Pause bool  `json:"pause,omitempty"` // pause the job
	HTTP  *HTTP `json:"http,omitempty"`  // call this URL; without a body it is told what happened as JSON
}

const (
	OverlapSkip    = "skip"    // the fire is skipped and recorded
	OverlapWait    = "wait"    // the fire waits for an instance to end
	OverlapReplace = "replace" // the fire waits before all others, and the oldest instance is asked to cancel

	HistoryAll    = "all"    // a row for each run
	HistoryErrors = "errors" // the successes of an hour become one row

	CoalesceLatest   = "latest"   // one run, of the latest overdue fire time; the others are recorded as coalesced
	CoalesceEarliest = "earliest" // one run, of the earliest
	CoalesceAll      = "all"      // the oldest 1,000 run one by one; the others are recorded

	// DefaultMaxWaiting is max_waiting where a definition sets none.
	DefaultMaxWaiting = 100
)

// Work is what a job does: exactly one field is set.
type Work struct {
	Exec *Exec
	HTTP *HTTP
}

// Exec runs a program.
type Exec struct {
	Command []string          `json:"command"`       // argv; the program is looked up in the PATH of the run
	Env     map[string]string `json:"env,omitempty"` // added to the run's environment
	Dir     string            `json:"dir,omitempty"` // working directory; "" is the node's
}

// HTTP sends a request; an answer of 200–299 is success.
type HTTP struct {
	Method  string            `json:"method,omitempty"` // default POST when there is a body, else GET
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Names of executors, as in the column jobs.executor.
const (
	ExecutorExec = "exec"
	ExecutorHTTP = "http"
)

// Executor names the kind of work; "" when none is set.
func (w Work) Executor() string {
	switch {
	case w.Exec != nil:
		return ExecutorExec
	case w.HTTP != nil:
		return ExecutorHTTP
	}
	return ""
}

// Queue says which nodes may claim the job: those that serve this queue. For exec and http it is the executor's name.
func (w Work) Queue() string { return w.Executor() }

// defaultHTTPTimeout is the timeout of http work that sets none: a request without a limit holds its instance for ever.
const defaultHTTPTimeout = 60 * time.Second

// EffectiveTimeout is the longest duration of an attempt; 0 is no limit. http without a timeout has 60 s.
func (d *Definition) EffectiveTimeout() time.Duration {
	if d.Timeout == 0 && d.HTTP != nil {
		return defaultHTTPTimeout
	}
	return d.Timeout
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

	PausedAt     time.Time // since when the job is paused; zero when it is not
	PausedBy     string    // who paused it
	PausedReason string    // why
}

// Overview is a job with what stands around it: what a person asks first.
type Overview struct {
	Job
	Running     int       // running instances of this id now
	Waiting     int       // runs that wait for an instance
	LastOutcome string    // code of the latest final record, "" when there is none
	LastReason  string    // reason of that record when it was skipped
	LastEndedAt time.Time // when that record was written
	Problem     string    // a sentence on what keeps the job from running, "" when nothing does
	// PausedWith says with what the job is paused, "label team=web" or "everything", where it is not paused itself; then State
	// is StatePaused, and PausedAt, PausedBy and PausedReason are those of that pause.
	PausedWith string
}

// ExecutorOf is the kind of work whose jobs are in a queue: the queue's name, or what comes before the colon.
func ExecutorOf(queue string) string {
	executor, _, _ := strings.Cut(queue, ":")
	return executor
}

const (
	defaultRetryMin    = time.Second
	defaultRetryMax    = 5 * time.Minute
	defaultRetryFactor = 2
)

// Backoff draws how long a run waits after the given attempt: half to all of Min × Factor^(attempt−1), at most Max.
func (r Retry) Backoff(attempt int) time.Duration {
	longest := float64(max(cmp.Or(r.Max, defaultRetryMax), r.Min))
	wait := min(longest, float64(cmp.Or(r.Min, defaultRetryMin))*math.Pow(cmp.Or(r.Factor, defaultRetryFactor), float64(attempt-1)))
	return time.Duration(wait * (0.5 + rand.Float64()/2)).Truncate(time.Microsecond)
}
