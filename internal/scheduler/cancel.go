package scheduler

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// cancelLoop cancels those attempts of this node that somebody asked to cancel, soon after it is told and every
// job.BeatEvery.
type cancelLoop struct {
	store    Store
	node     uuid.UUID
	attempts *attempts
	story    *story
	wake     signal // somebody asked
}

func (l *cancelLoop) run(ctx context.Context) error {
	tick := time.NewTicker(job.BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-l.wake:
		}
		if err := l.cancelAsked(ctx); err != nil && ctx.Err() == nil {
			l.story.cancelsNotRead(err)
		}
	}
}

// cancelAsked asks once, and cancels what it is told.
func (l *cancelLoop) cancelAsked(ctx context.Context) error {
	if l.attempts.none() {
		return nil
	}
	asked, err := l.store.Cancels(ctx, l.node)
	for _, a := range asked {
		l.attempts.cancel(a)
	}
	return err
}

// replace cancels what a committed claim replaces: attempts of this node here, those of other nodes by them. If we die
// before that, they find the request in the row.
func (l *cancelLoop) replace(ctx context.Context, c policy.Claim) {
	var others []uuid.UUID
	for _, d := range c.Decided {
		for _, r := range d.Decision.Cancel {
			l.story.replaced(r)
			if r.NodeID == l.node {
				l.attempts.cancel(job.Asked{RunID: r.RunID, CancelRequest: r.Request})
			} else {
				others = append(others, r.NodeID)
			}
		}
	}
	if len(others) == 0 {
		return
	}
	if err := l.store.TellCancels(ctx, others); err != nil && ctx.Err() == nil {
		l.story.othersNotTold(err)
	}
}
