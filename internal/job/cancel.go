package job

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/say"
)

// Cancelling a run that executes takes three steps: the request is written into its row, the node that executes it is
// notified, and it looks for requests among its rows. Without the notification it looks at every beatEvery.
//
//	cancel, replace ──row──▶ running instance ◀──look── its node ──context──▶ executor ──complete──▶ cancelled
//	                └─NOTIFY────────────────────────────▶┘
//
// The run goes on to be counted until its end is recorded. A run that ends by itself meanwhile has ended as it did.

// CancelRequest is a wish to end a run that has begun.
type CancelRequest struct {
	At     time.Time // zero: nobody asked
	By     string    // who asked
	Reason string    // why, "" when it was not said
}

// Asked is a request to cancel an attempt that a node executes.
type Asked struct {
	RunID uuid.UUID
	CancelRequest
}

// Cancellation says what a request to cancel did.
type Cancellation struct {
	Ended int // runs that had not begun, or were between two attempts: they have ended
	Asked int // runs that execute: their nodes are told
}

// CancelledError is the cause with which an attempt is cancelled that somebody asked to end.
type CancelledError struct{ CancelRequest }

func (e *CancelledError) Error() string { return CancelSentence(e.By, e.Reason) }

// CancelSentence tells a person who cancelled a run, and why.
func CancelSentence(by, reason string) string {
	return say.Because("cancelled by "+by, reason)
}

// CancelTopic is what a node listens to for requests to cancel what it executes.
func CancelTopic(node uuid.UUID) string { return "cancel:" + node.String() }
