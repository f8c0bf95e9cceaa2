package job

import (
	"encoding/json"
	"time"
)

// Action is what was done to a job.
type Action string

const (
	ActionAdded       Action = "added"
	ActionChanged     Action = "changed"      // its definition, all but the trigger
	ActionRescheduled Action = "rescheduled"  // its trigger was changed, or its next run moved
	ActionNextSkipped Action = "next_skipped" // its next fire was skipped ahead
	ActionPaused      Action = "paused"
	ActionResumed     Action = "resumed"
	ActionRemoved     Action = "removed"
	ActionRunAsked    Action = "run_asked"    // a run was asked for, beside the schedule
	ActionCancelAsked Action = "cancel_asked" // one of its runs, or all, were to be cancelled
)

// Event is a row of job_events: what somebody did to a job, when and why.
type Event struct {
	ID     int64 // grows with time
	JobID  string
	At     time.Time
	Actor  string // who, see Author
	Action Action
	Reason string // why, "" where it was not said
	// Before and After are the job's rows in jobs and next_run_times as JSON objects, without long values that did not
	// change; nil where there was no job.
	Before, After json.RawMessage
}

// EventFilter says which events of a job a reader asks for.
type EventFilter struct {
	JobID  string
	Before int64 // only those with smaller ids; 0 for all
	Limit  int   // how many are wanted at most
}
