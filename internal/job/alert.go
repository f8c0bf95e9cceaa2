package job

import (
	"time"

	"github.com/google/uuid"
)

// AlertKind is what an alert tells of.
type AlertKind string

const (
	AlertFailure  AlertKind = "failure"  // so many runs in a row failed
	AlertSilence  AlertKind = "silence"  // no run succeeded for too long
	AlertRecovery AlertKind = "recovery" // a run succeeded again
)

// States of an Alert's call.
const (
	AlertNoCall    = "no_call"   // none is to be made
	AlertPending   = "pending"   // it is to be made, or tried again
	AlertDelivered = "delivered" // it was answered with success
	AlertGivenUp   = "given_up"  // it failed too often
)

// Alert is a row of alerts: what was found of a job, and the call that tells of it.
type Alert struct {
	ID              uuid.UUID // random; the Idempotency-Key of the call
	Number          int64     // grows from alert to alert of a job
	JobID           string
	CreatedRevision int64 // of the job, which tells it from an earlier one of the id
	Kind            AlertKind
	At              time.Time // when it was found
	Sentence        string    // the whole story for a person
	Failures        int       // of AlertFailure: how many runs in a row it counted
	// Since is when the first of these runs ended; of AlertSilence, the last success or what came after it; of
	// AlertRecovery, the Since of the alert that it ends.
	Since      time.Time
	RunEndedAt time.Time // when the last run ended that it counted: a success after it is the recovery
	Paused     bool      // it paused the job

	HTTP          *HTTP     // the request to send, nil for none
	State         string    // of the call: AlertNoCall, AlertPending, AlertDelivered, AlertGivenUp
	Attempts      int       // calls that were begun
	NextAttemptAt time.Time // of AlertPending
	LastError     string    // why the last attempt failed
	EndedAt       time.Time // when it was delivered or given up
}

// AlertFilter says which alerts of a job id a reader asks for.
type AlertFilter struct {
	JobID  string
	Before int64 // when not 0, only those with a smaller Number
	Limit  int
}
