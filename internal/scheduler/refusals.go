package scheduler

import (
	"sync"
	"time"
)

// refusals counts ends of runs that the database refused, of which one is told in refusalsEvery: while the database
// refuses everything, a node may have hundreds.
type refusals struct {
	mu     sync.Mutex // guards the others
	told   time.Time  // when one was told last
	untold int        // since
}

const refusalsEvery = 10 * time.Second

// count says whether a refusal at now is to be told, and how many were not since the last that was.
func (r *refusals) count(now time.Time) (untold int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.told) < refusalsEvery {
		r.untold++
		return 0, false
	}
	untold, r.untold, r.told = r.untold, 0, now
	return untold, true
}
