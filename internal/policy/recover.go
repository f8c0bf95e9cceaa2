package policy

import (
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// Recover gives j, whose schedule was lost, one that goes on from now: nobody knows any more which fire times before
// were decided, and none may run twice. A pause stays. unreadable is why the job's row cannot be read as one, which
// blocks it; nil: it can.
func Recover(j *job.Job, unreadable error, now time.Time) {
	if unreadable != nil {
		j.State, j.Error = job.StateBlocked, unreadable.Error()
		return
	}
	follow(j, now, now)
	switch {
	case !j.PausedAt.IsZero():
		j.State, j.DueAt = job.StatePaused, time.Time{}
	case j.State == job.StateActive:
		j.DueAt = now // a look finds what waits, or is between attempts, and sets the due time
	}
}
