package job

import (
	"time"

	"github.com/google/uuid"
)

// RunFilter says which runs of a job a reader asks for.
type RunFilter struct {
	JobID string
	// Before, when not zero, leaves out running instances and all records whose EndedAt is not before it.
	Before time.Time
	// Behind, when not zero, leaves out all up to that place, itself included.
	Behind RunPlace
	// Limit is how many are wanted at most.
	Limit int
}

// RunPlace is what orders a row among a job's runs: those that wait come first, then those that run, those between two
// attempts, and those that have ended; in each the latest first.
type RunPlace struct {
	State     string
	At        time.Time // scheduled_run_time of one that waits, started_at of one that runs, else ended_at
	Scheduled time.Time // of one that has ended: several end at one moment
	RunID     uuid.UUID
	Attempt   int // of one that has ended
}

// Place is where the row stands.
func (v *RunView) Place() RunPlace {
	p := RunPlace{State: v.State, At: v.StartedAt, RunID: v.RunID, Attempt: 1}
	switch v.State {
	case RunWaiting:
		p.At = v.ScheduledRunTime
	case RunEnded:
		p.At, p.Scheduled, p.Attempt = v.EndedAt, v.ScheduledRunTime, v.Attempt
	}
	return p
}

// States of a RunView.
const (
	RunWaiting  = "waiting"
	RunRunning  = "running"
	RunRetrying = "retrying"
	RunEnded    = "ended"
)

// RunView is a run as a reader sees it: a running instance, or an attempt or skip that has ended. Readers get the
// newest first: running instances by StartedAt, then records by EndedAt, those of one moment in an order that stays the
// same.
type RunView struct {
	// Record of a running instance has a zero EndedAt and an empty Outcome.
	Record
	State     string
	NotBefore time.Time     // with RunRetrying: when the next attempt may begin
	Cancel    CancelRequest // of a running instance that somebody asked to cancel
}
