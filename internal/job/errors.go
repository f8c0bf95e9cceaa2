package job

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pgdue/pgdue/internal/trigger"
)

var (
	// ErrNotFound says that no job or run has the id that was asked for.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the id belongs to a job that is not finished.
	ErrExists = errors.New("the id is taken by a job that is not finished")
	// ErrBlocked says that a job cannot run until a person has corrected it.
	ErrBlocked = errors.New("the job is blocked; correct it and put it again")
	// ErrPaused says that a job begins no runs until it is resumed.
	ErrPaused = errors.New("the job is paused")
	// ErrFinished says that a job will not fire again.
	ErrFinished = errors.New("the job is finished and will not fire again")
	// ErrNoRoom says that as many runs of a job wait as may.
	ErrNoRoom = errors.New("as many runs of the job wait as may")
	// ErrEnded says that a run has ended, so that it cannot be cancelled.
	ErrEnded = errors.New("the run has ended already")
	// ErrNoNextFire says that there is no next fire that could be skipped or moved.
	ErrNoNextFire = errors.New("the job has no next run time yet, or its trigger cannot be read; look at it, and " +
		"give it another trigger")
	// ErrChanged says that a job no longer has the revision that a change was made for.
	ErrChanged = errors.New("the job was changed by somebody else meanwhile; look at it and try again")
	// ErrInvalid is what every *InvalidError is.
	ErrInvalid = errors.New("invalid")
	// ErrReadOnly says that the database takes no writes.
	ErrReadOnly = errors.New("the database is read-only (a standby?): point --database-url at the primary")
	// ErrLeaseLost says that this node may no longer begin or continue work: another node judged it dead, or it could
	// not renew its lease in time. It is also the cause with which the contexts of its attempts are cancelled.
	ErrLeaseLost = errors.New("the node's lease is lost")
	// ErrShutdown is the cause with which attempts are cancelled when a node stops before they end.
	ErrShutdown = errors.New("the node is shutting down")
	// ErrTimeout is the cause with which an attempt is cancelled that outlives its job's timeout.
	ErrTimeout = errors.New("the job's timeout has passed")
	// ErrLocked says that a change waited for a job's row and gave up.
	ErrLocked = errors.New("the job's row in pgdue.next_run_times is locked by somebody else's transaction; see " +
		"pg_locks, or try again")
	// ErrRejected says that the database refused what was written because of the rows themselves: trying the same again
	// would fail again.
	ErrRejected = errors.New("the database refused the row")
	// ErrCommitUnknown says that a COMMIT was sent and no answer came: it may have happened or not.
	ErrCommitUnknown = errors.New("the outcome of a commit is unknown")
)

// FieldError is one thing wrong with a definition.
type FieldError struct {
	Field   string // path in the job as users write it: "trigger.timezone", "max_instances"
	Message string // the value and what would be right
}

// InvalidError lists all that is wrong with a definition. It is ErrInvalid.
type InvalidError struct{ Fields []FieldError }

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = fmt.Sprintf("%s: %s", f.Field, f.Message)
	}
	return strings.Join(parts, "; ")
}

// Is makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Invalid is an InvalidError for one field.
func Invalid(field, format string, args ...any) error {
	return &InvalidError{[]FieldError{{field, fmt.Sprintf(format, args...)}}}
}

// FieldErrors are those of an *InvalidError; none of another error.
func FieldErrors(err error) []FieldError {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return invalid.Fields
	}
	return nil
}

// InvalidTrigger is an error of package trigger as an *InvalidError, with the field as it stands in a job.
func InvalidTrigger(err error) error {
	var te *trigger.Error
	switch {
	case !errors.As(err, &te):
		return Invalid("trigger", "%s", err)
	case te.Field == "":
		return Invalid("trigger", "%s", te.Message)
	}
	return Invalid("trigger."+te.Field, "%s", te.Message)
}
