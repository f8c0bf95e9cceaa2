package executor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// Pool is the job.Executor of a node. It is safe for concurrent use.
type Pool struct {
	Kinds []Kind       // the kinds of work that it does, no two for one queue
	Log   *slog.Logger // gets one error for each panic; nil: nowhere
}

var _ job.Executor = (*Pool)(nil)

// end is how a kind of work says that it ended.
type end struct {
	err     error  // why the work failed; nil: it succeeded
	stopped string // what stopping it took, when it was stopped because ctx ended; "": it ended by itself
	status  *int   // exit code or HTTP status
	output  tail
	// notBegun: nothing of the work has left the node, because it was no longer trusted. The rest says nothing.
	notBegun bool
	// retryAfter is how long the receiver asked to be left alone.
	retryAfter time.Duration
}

// Kind does one kind of work: *Exec, *HTTP.
type Kind interface {
	// queues lists the queues whose work it does.
	queues() []string
	// run does one attempt. It returns soon after ctx has ended, with nothing of the work left.
	run(ctx context.Context, a *job.Attempt) *end
}

// Queues lists the queues of the kinds of work that it does.
func (p *Pool) Queues() []string {
	var queues []string
	for _, k := range p.Kinds {
		queues = append(queues, k.queues()...)
	}
	slices.Sort(queues)
	return queues
}

// does picks who does a job's work, by its queue; nil when this node does not.
func (p *Pool) does(d *job.Definition) Kind {
	queue := d.Queue()
	for _, k := range p.Kinds {
		if slices.Contains(k.queues(), queue) {
			return k
		}
	}
	return nil
}

// Execute does one attempt, within its job's timeout and until ctx ends, and returns when nothing of it is left. The
// outcome of work that was stopped follows from the cause of ctx: timed_out for ErrTimeout, lost for ErrLeaseLost and
// ErrShutdown, cancelled for any other. Work that succeeded before it was stopped has succeeded.
func (p *Pool) Execute(ctx context.Context, a job.Attempt) job.Result {
	timeout := a.Definition.EffectiveTimeout()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, job.ErrTimeout)
		defer cancel()
	}
	return result(p.recovered(ctx, &a), context.Cause(ctx), timeout)
}

// recovered does the work. A panic in it is this attempt's error, with the stack as output, and stops nothing else.
func (p *Pool) recovered(ctx context.Context, a *job.Attempt) (e *end) {
	defer func() {
		if v := recover(); v != nil {
			stack := debug.Stack()
			p.logPanic(a, v, stack)
			e = &end{err: fmt.Errorf("panic: %v", v)}
			e.output.Write(stack)
		}
	}()
	switch {
	case ctx.Err() != nil:
		return &end{stopped: "its work had not begun"}
	case !a.MayBegin():
		return &end{notBegun: true}
	}
	k := p.does(&a.Definition)
	if k == nil {
		return &end{err: fmt.Errorf("this node does not do the work of queue %q", a.Definition.Queue())}
	}
	return k.run(ctx, a)
}

func (p *Pool) logPanic(a *job.Attempt, v any, stack []byte) {
	if p.Log != nil {
		p.Log.Error("work panicked", "job", a.JobID, "run", a.RunID, "attempt", a.Attempt, "err", v, "stack",
			string(stack))
	}
}

// result is the Result of work that ended as e says, in a context of that cause.
func result(e *end, cause error, timeout time.Duration) job.Result {
	if e.notBegun {
		return job.NotBegun()
	}
	res := job.Result{Outcome: job.Succeeded, Status: e.status, RetryAfter: e.retryAfter}
	switch {
	case e.stopped != "":
		outcome, sentence := interrupted(cause, timeout)
		res.Outcome, res.Error = outcome, oneLine(sentence+": "+e.stopped)
	case e.err != nil:
		res.Outcome, res.Error = job.Failed, oneLine(e.err.Error())
	}
	keep := keepOfFailure
	if res.Outcome == job.Succeeded {
		keep = keepOfSuccess
	}
	res.Output = e.output.text(keep)
	return res
}

// interrupted says what a context's cause means for the work that it stopped.
func interrupted(cause error, timeout time.Duration) (job.Outcome, string) {
	switch {
	case errors.Is(cause, job.ErrTimeout):
		return job.TimedOut, fmt.Sprintf("its timeout of %s was over", timeout)
	case errors.Is(cause, job.ErrLeaseLost):
		return job.Lost, "the node lost its lease while this run executed"
	case errors.Is(cause, job.ErrShutdown):
		return job.Lost, "the node was stopped while this run executed"
	case isCancelled(cause):
		return job.Cancelled, cause.Error()
	case errors.Is(cause, context.Canceled):
		return job.Cancelled, "cancelled"
	}
	return job.Cancelled, fmt.Sprintf("cancelled (%v)", cause)
}

// isCancelled says whether somebody asked for the run's end.
func isCancelled(cause error) bool {
	_, ok := errors.AsType[*job.CancelledError](cause)
	return ok
}
