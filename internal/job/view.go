package job

import "time"

// RunFilter says which runs of a job a reader asks for.
type RunFilter struct {
	JobID string
	// Before, when not zero, leaves out running instances and all records whose EndedAt is not before it.
	Before time.Time
	// Limit is how many are wanted at most.
	Limit int
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
