package policy

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// Look is a job with what stands around it, as one transaction sees it under the job's lock. What becomes of the job is
// decided from it alone.
type Look struct {
	job.Job
	Queue string    // in which the job's row stands
	Now   time.Time // the database's

	Live         []job.Instance   // all running instances of the job's id, retrying ones included
	Waiting      []job.WaitingRun // the first of its waiting runs, in their order
	WaitingCount int              // how many wait, counted up to MaxWaiting

	// Pauses cover the job by a label of it or with everything: those that last, and those that are over and ended
	// after its NextRunTime, whose missed fire times are not recorded yet.
	Pauses []job.Pause

	// Pace is read of jobs at their limit only: nobody explains the others.
	Pace Pace

	Err error // the job's row could not be read as a job
}

// busy says whether runs wait or run, of which a look decides whether they begin or are tried again.
func (l *Look) busy() bool { return l.WaitingCount > 0 || len(l.Live) > 0 }

// hasRoom says whether one more run may wait.
func (l *Look) hasRoom() bool { return max(l.WaitingCount, len(l.Waiting)) < l.MaxWaiting }

// pausedWith is the pause that keeps the job from beginning anything, by its label or with everything; nil for none.
func (l *Look) pausedWith() *job.Pause {
	for i := range l.Pauses {
		if l.Pauses[i].Lasts() {
			return &l.Pauses[i]
		}
	}
	return nil
}

// ClaimRequest says what a claim may lock.
type ClaimRequest struct {
	Node uuid.UUID
	Want map[string]int // at most so many jobs by queue
	Only []string       // when not nil, only these job ids
}

// Decided is a look and what came of it.
type Decided struct {
	Look
	Decision Decision
}

// Claim is what one claim of a node locked and decided.
type Claim struct {
	Node    uuid.UUID
	Decided []Decided
}
