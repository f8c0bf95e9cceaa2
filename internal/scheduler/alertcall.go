package scheduler

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// callLoop makes the calls of alerts. Each is made at least once, with an Idempotency-Key that stays equal: one that
// this node aborts, or whose end it cannot record, is made again by others, or later. A node that does no http makes
// none.
type callLoop struct {
	store    Store
	executor job.Executor
	story    *story
	poll     time.Duration
	wake     signal // a call may be due
}

const (
	// callTimeout bounds one attempt of an alert's call.
	callTimeout = 30 * time.Second
	// callHeld is how long nobody else makes a call that a node has taken: until it has ended and is recorded.
	callHeld = 45 * time.Second
	// callsAtOnce is how many calls a node makes at the same time: URLs that hang hold up no others.
	callsAtOnce = 10
	// callAttempts is after how many a call is given up: about three quarters of an hour with callBackoff.
	callAttempts = 10
	// settleTimeout bounds how long the end of a call is recorded.
	settleTimeout = 5 * time.Second
)

var callBackoff = job.Retry{Min: new(10 * time.Second), Max: 20 * time.Minute, Factor: 2}

// run ends when ctx does, which aborts the calls in progress.
func (l *callLoop) run(ctx context.Context) error {
	if !slices.Contains(l.executor.Queues(), job.KindHTTP.Name) {
		return nil
	}
	var calls sync.WaitGroup
	defer calls.Wait()
	busy := make(chan struct{}, callsAtOnce)
	for ctx.Err() == nil {
		for _, a := range l.due(ctx, callsAtOnce-len(busy)) {
			busy <- struct{}{}
			calls.Go(func() {
				l.call(ctx, a)
				<-busy
				l.wake.send() // one more may be made, and the job's next alert may go
			})
		}
		l.wake.wait(ctx, jittered(l.poll))
	}
	return nil
}

// due takes alerts whose call is due.
func (l *callLoop) due(ctx context.Context, limit int) []job.Alert {
	if limit == 0 {
		return nil
	}
	alerts, err := l.store.ClaimAlerts(ctx, limit, callHeld)
	if err != nil && ctx.Err() == nil {
		l.story.callsNotRead(err)
	}
	if err != nil { // if they were taken all the same, they are due again after callHeld
		return nil
	}
	return alerts
}

// call makes one attempt and records how it ended. If we die before that, or the database takes no word of it, the call
// is made once more after callHeld.
func (l *callLoop) call(ctx context.Context, a job.Alert) {
	result := l.executor.Execute(ctx, job.Attempt{
		Instance: job.Instance{
			Run:       job.Run{JobID: a.JobID, RunID: a.ID, ScheduledRunTime: a.At, Attempt: a.Attempts},
			StandsFor: job.StandsFor{FireCount: 1, FirstRunTime: a.At, LastRunTime: a.At},
		},
		Definition: job.Definition{ID: a.JobID, Work: a.HTTP, Timeout: callTimeout},
	})
	again := l.settle(&a, result, ctx.Err() != nil)
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := l.store.SettleAlert(recording, a, again); err != nil {
		l.story.callNotRecorded(a, err)
	}
}

// settle writes into a how an attempt ended, and says after which time the next one is due. One that we aborted is due
// at once.
func (l *callLoop) settle(a *job.Alert, r job.Result, aborted bool) (again time.Duration) {
	if r.Outcome == job.Succeeded {
		a.State = job.AlertDelivered
		l.story.delivered(*a)
		return 0
	}
	a.LastError = r.Error
	switch {
	case aborted:
		l.story.callAborted(*a)
		return 0
	case a.Attempts >= callAttempts:
		a.State = job.AlertGivenUp
		l.story.callGivenUp(*a)
		return 0
	}
	again = callBackoff.Backoff(a.Attempts)
	l.story.callFailed(*a, again)
	return again
}
