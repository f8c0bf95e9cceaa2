package scheduler

import (
	"strings"
	"time"
)

// Metrics is told of what this node has made durable, once each and after its commit. Its implementation is package
// metrics. It is called by the loops, from several goroutines, and must not wait for anything.
type Metrics interface {
	// Claimed is told of each claim that found jobs.
	Claimed(c Claim)
	// ClaimFailed is told of each look at the due jobs that did not succeed.
	ClaimFailed()
	// Blocked is told of a job that became blocked beside a claim.
	Blocked()
	// Ended is told of the ends of attempts that are recorded, and of how many ends changed nothing, as the runs had been
	// taken over.
	Ended(ended []End, stale int)
	// TakenOver is told of the attempts of dead nodes that were ended as lost.
	TakenOver(lost []Record)
	// Kept is told of each housekeeping.
	Kept(h Housekeeping, err error)
}

// End is an attempt's end that is recorded.
type End struct {
	Record
	Executor string
	Took     time.Duration
}

// ExecutorOf is the kind of work whose jobs are in a queue: the queue's name, or what comes before the colon.
func ExecutorOf(queue string) string {
	executor, _, _ := strings.Cut(queue, ":")
	return executor
}

type noMetrics struct{}

func (noMetrics) Claimed(Claim)            {}
func (noMetrics) ClaimFailed()             {}
func (noMetrics) Blocked()                 {}
func (noMetrics) Ended([]End, int)         {}
func (noMetrics) TakenOver([]Record)       {}
func (noMetrics) Kept(Housekeeping, error) {}

// endsOf pairs the records that were written with the attempts that they end.
func endsOf(batch []ending, recorded []Record) []End {
	type attempt struct {
		job string
		run [16]byte
		n   int
	}
	of := func(r Record) attempt { return attempt{r.JobID, r.RunID, r.Attempt} }
	ended := make(map[attempt]ending, len(batch))
	for _, e := range batch {
		ended[of(e.record)] = e
	}
	ends := make([]End, 0, len(recorded))
	for _, r := range recorded {
		e := ended[of(r)]
		ends = append(ends, End{Record: r, Executor: ExecutorOf(e.queue), Took: e.took})
	}
	return ends
}

// Gauges are what the database shows at one moment, of all nodes together.
type Gauges struct {
	Running   int64         // running instances that execute
	Retrying  int64         // running instances between two attempts
	Waiting   int64         // waiting runs
	OldestDue time.Duration // how long ago the oldest due job became due; 0 when none is
	Nodes     int64         // nodes that are alive
	DaysAhead int64         // as in Housekeeping
}
