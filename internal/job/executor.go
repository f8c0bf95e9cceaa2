package job

import "context"

// Executor does the work of attempts. Its implementation is package executor.
type Executor interface {
	// Queues lists the queues whose jobs it can run.
	Queues() []string
	// Execute does one attempt and returns when nothing of it is left: no process, no request. It honours a.Deadline's
	// timeout and ctx, whose cause says why it is to stop (ErrLeaseLost, ErrShutdown). It never panics.
	Execute(ctx context.Context, a Attempt) Result
}
