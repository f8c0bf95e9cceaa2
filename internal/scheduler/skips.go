package scheduler

import (
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// skips warns of each skip at the limit, and after the third warning in a row sums up: a job that skips every five
// seconds shall be seen, but not drown everything else. The first skip after a run has ended is warned of singly all
// the same, since only then is the number that would be enough certain.
type skips struct {
	story *story

	mu   sync.Mutex // guards jobs
	jobs map[string]*skipping
}

// skipping is a job that keeps skipping.
type skipping struct {
	warned int       // singly, in a row
	count  int       // skips since the last line
	since  time.Time // the last line
	limit  *policy.AtLimit
}

// warning is what a line about one skip says besides.
type warning struct {
	besides int  // skips before it that no line has told of
	last    bool // further skips are summed up
}

const (
	warnSingly   = 3
	summaryEvery = time.Minute
)

// skipped tells of a skip that is durable.
func (s *skips) skipped(d policy.Decided, r job.Record) {
	if r.Reason != job.ReasonMaxInstances {
		s.story.fireTimesSkipped(r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, singly := s.of(r.JobID).skip(d.Decision.AtLimit); singly {
		s.story.skippedAtLimit(r, d.Decision.AtLimit, w)
	}
}

// of finds a job, and counts its skips from now on.
func (s *skips) of(id string) *skipping {
	if s.jobs == nil {
		s.jobs = map[string]*skipping{}
	}
	if s.jobs[id] == nil {
		s.jobs[id] = &skipping{since: time.Now()}
	}
	return s.jobs[id]
}

// skip counts a skip. It says whether to warn of it singly, and what to say besides.
func (j *skipping) skip(limit *policy.AtLimit) (w warning, singly bool) {
	learnt := j.limit != nil && !j.limit.Ended && limit.Ended // how long a run takes, and so which number is enough
	j.limit = limit
	if j.warned == warnSingly && !learnt {
		j.count++
		return warning{}, false
	}
	j.warned = min(j.warned+1, warnSingly)
	w = warning{besides: j.count, last: j.warned == warnSingly}
	j.count, j.since = 0, time.Now()
	return w, true
}

// sumUp tells the summaries that are due at now. A job that has not skipped for a whole period is warned of singly
// again.
func (s *skips) sumUp(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, j := range s.jobs {
		if now.Sub(j.since) < summaryEvery {
			continue
		}
		if j.count == 0 {
			delete(s.jobs, id)
			continue
		}
		s.story.skippedSince(id, j.count, j.since, j.limit)
		j.count, j.since = 0, now
	}
}
