package scheduler

import (
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Metrics is told of what this node has made durable, once each and after its commit. Its implementation is package
// metrics. It is called by the loops, from several goroutines, and must not wait for anything.
type Metrics interface {
	// Claimed is told of each claim that found jobs.
	Claimed(c policy.Claim)
	// ClaimFailed is told of each tick that did not succeed.
	ClaimFailed()
	// Blocked is told of a job that became blocked beside a claim.
	Blocked()
	// Ended is told of the ends of attempts that are recorded, and of how many ends changed nothing, as the runs had
	// been taken over.
	Ended(ended []job.End, stale int)
	// TakenOver is told of the attempts of dead nodes that were ended as lost.
	TakenOver(lost []job.Record)
	// Kept is told of each housekeeping.
	Kept(h job.Housekeeping, err error)
	// Ahead is told how many jobs stand ahead because the database's clock was set back.
	Ahead(jobs int)
}

type noMetrics struct{}

func (noMetrics) Claimed(policy.Claim) {}

func (noMetrics) ClaimFailed() {}

func (noMetrics) Blocked() {}

func (noMetrics) Ended([]job.End, int) {}

func (noMetrics) TakenOver([]job.Record) {}

func (noMetrics) Kept(job.Housekeeping, error) {}

func (noMetrics) Ahead(int) {}
