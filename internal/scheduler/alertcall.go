package scheduler

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

const (
	// callTimeout bounds one attempt of an alert's call.
	callTimeout = 30 * time.Second
	// callLease is how long nobody else makes a call that a node has begun: until it has ended and is recorded.
	callLease = 45 * time.Second
	// callsAtOnce is how many calls a node makes at the same time: URLs that hang hold up no others.
	callsAtOnce = 10
	// callAttempts is after how many a call is given up: about three quarters of an hour with callBackoff.
	callAttempts = 10
	// settleTimeout bounds how long the end of a call is recorded.
	settleTimeout = 5 * time.Second
)

var callBackoff = job.Retry{Min: 10 * time.Second, Max: 20 * time.Minute, Factor: 2}

// makeCalls makes the calls of alerts until ctx ends, which aborts those in progress: they are made again by others, or
// later. So a call is made at least once, with an Idempotency-Key that stays equal. A node that does no http makes none.
func (s *Scheduler) makeCalls(ctx context.Context) error {
	if !slices.Contains(s.node.Queues, job.ExecutorHTTP) {
		return nil
	}
	var calls sync.WaitGroup
	defer calls.Wait()
	busy := make(chan struct{}, callsAtOnce)
	for ctx.Err() == nil {
		for _, a := range s.dueCalls(ctx, callsAtOnce-len(busy)) {
			busy <- struct{}{}
			calls.Go(func() {
				s.makeCall(ctx, a)
				<-busy
				s.callDue.send() // a slot is free, and the job's next alert may go
			})
		}
		s.callDue.wait(ctx, jittered(s.Poll))
	}
	return nil
}

// dueCalls takes alerts whose call is due.
func (s *Scheduler) dueCalls(ctx context.Context, limit int) []job.Alert {
	if limit == 0 {
		return nil
	}
	alerts, err := s.Store.ClaimAlerts(ctx, limit, callLease)
	if err != nil && ctx.Err() == nil {
		s.story.callsNotRead(err)
	}
	if err != nil { // if they were taken all the same, they are due again after callLease
		return nil
	}
	return alerts
}

// makeCall makes one attempt and records how it ended. If we die before that, or the database takes no word of it, the call is
// made once more after callLease.
func (s *Scheduler) makeCall(ctx context.Context, a job.Alert) {
	result := s.Executor.Execute(ctx, job.Attempt{
		Instance: job.Instance{
			Run:       job.Run{JobID: a.JobID, RunID: a.ID, ScheduledRunTime: a.At, Attempt: a.Attempts},
			StandsFor: job.StandsFor{FireCount: 1, FirstRunTime: a.At, LastRunTime: a.At},
		},
		Definition: job.Definition{ID: a.JobID, Work: job.Work{HTTP: a.HTTP}, Timeout: callTimeout},
	})
	again := s.settled(&a, result, ctx.Err() != nil)
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := s.Store.SettleAlert(settle, a, again); err != nil {
		s.story.callNotRecorded(a, err)
	}
}

// settled writes into a how an attempt ended, logs it, and says when the next one is due. One that we aborted is due at once.
func (s *Scheduler) settled(a *job.Alert, r job.Result, aborted bool) (again time.Duration) {
	if r.Outcome == job.Succeeded {
		a.State = job.AlertDelivered
		s.story.delivered(*a)
		return 0
	}
	a.LastError = r.Error
	switch {
	case aborted:
		s.story.callAborted(*a)
		return 0
	case a.Attempts >= callAttempts:
		a.State = job.AlertGivenUp
		s.story.callGivenUp(*a)
		return 0
	}
	again = callBackoff.Backoff(a.Attempts)
	s.story.callFailed(*a, again)
	return again
}
