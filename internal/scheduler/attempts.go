package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/say"
)

// attempts are what this node executes. However one ends, its end comes into ends, from where it is recorded.
type attempts struct {
	node     job.Node
	executor job.Executor
	store    Store
	lease    *lease // its context ends all of them
	ends     *ends
	story    *story

	executing sync.WaitGroup

	mu          sync.Mutex                            // guards cancelFuncs
	cancelFuncs map[uuid.UUID]context.CancelCauseFunc // by run, of those that execute
}

// start executes a run that a committed claim began. A node that does not trust its lease any more executes nothing: it
// ends the attempt as lost.
func (a *attempts) start(d policy.Decided, r policy.Start) {
	i := a.instance(d, r)
	ctx := a.lease.context(d.Job.OnContactLost)
	if ctx == nil {
		a.end(d, i, job.NotBegun(), 0)
		return
	}
	a.story.began(d, r)
	ctx, release := a.hold(ctx, r.RunID)
	a.executing.Go(func() {
		defer release()
		life, end := context.WithCancel(context.Background())
		defer end()
		started := time.Now()
		result := a.executor.Execute(ctx, job.Attempt{
			Instance: i, Definition: d.Job.Definition, Trusted: a.lease.trusted,
			Trouble: func(trouble string) { go a.trouble(life, i, trouble) },
		})
		a.end(d, i, result, time.Since(started))
	})
}

func (a *attempts) instance(d policy.Decided, r policy.Start) job.Instance {
	i := job.Instance{
		Run: r.Run, StandsFor: r.StandsFor, Payload: r.Payload, NodeID: a.node.ID, Node: a.node.Name, StartedAt: d.Now,
	}
	if t := d.Job.EffectiveTimeout(); t > 0 {
		i.Deadline = d.Now.Add(t)
	}
	return i
}

// trouble tells what a person must see to, and writes it into the attempt's row, until the attempt has ended.
func (a *attempts) trouble(life context.Context, i job.Instance, trouble string) {
	a.story.trouble(i, trouble)
	for life.Err() == nil {
		if err := a.store.Trouble(life, i.Run, trouble); err == nil {
			return
		}
		sleep(life, afterTrouble)
	}
}

// end makes the record of an attempt's end.
func (a *attempts) end(d policy.Decided, i job.Instance, r job.Result, took time.Duration) {
	a.story.ended(i, r, took)
	record := job.Record{
		Run: i.Run, Outcome: r.Outcome, Sentence: endSentence(i, r, took), StartedAt: i.StartedAt, Took: took,
		NodeID: i.NodeID, Node: i.Node, Error: r.Error, Output: r.Output, Status: r.Status, RetryAfter: r.RetryAfter,
		FireCount: 1, FirstRunTime: i.ScheduledRunTime, LastRunTime: i.ScheduledRunTime,
	}
	policy.Conclude(&d.Definition, &record)
	a.ends.add(ending{queue: d.Queue, record: record, watched: d.Job.OnFailure != nil})
}

func endSentence(i job.Instance, r job.Result, took time.Duration) string {
	sentence := fmt.Sprintf("%s after %s on %s", r.Outcome.InWords(), say.Duration(took), i.Node)
	if r.Error != "" {
		sentence += ": " + r.Error
	}
	return sentence
}

// hold makes a context for an attempt, and remembers how to cancel it until release is called.
func (a *attempts) hold(ctx context.Context, run uuid.UUID) (held context.Context, release func()) {
	held, cancel := context.WithCancelCause(ctx)
	a.mu.Lock()
	a.cancelFuncs[run] = cancel
	a.mu.Unlock()
	return held, func() {
		a.mu.Lock()
		delete(a.cancelFuncs, run)
		a.mu.Unlock()
		cancel(nil)
	}
}

// cancel cancels an attempt, if it still executes.
func (a *attempts) cancel(asked job.Asked) {
	a.mu.Lock()
	cancel := a.cancelFuncs[asked.RunID]
	a.mu.Unlock()
	if cancel != nil {
		cancel(&job.CancelledError{CancelRequest: asked.CancelRequest})
	}
}

// count says how many execute.
func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.cancelFuncs)
}

// none says whether nothing executes.
func (a *attempts) none() bool { return a.count() == 0 }

// wait waits until nothing executes.
func (a *attempts) wait() { a.executing.Wait() }

// finish waits until nothing executes, ctx ends, or hurry is closed.
func (a *attempts) finish(ctx context.Context, hurry <-chan struct{}) {
	done := make(chan struct{})
	go func() { a.wait(); close(done) }()
	select {
	case <-ctx.Done():
	case <-hurry:
	case <-done:
	}
}
