package scheduler

import (
	"log/slog"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// skipLog warns of each skip at the limit, and after the third warning in a row sums up: a job that skips every five
// seconds shall be seen, not drown everything else. The first skip after a run has ended is warned of singly all the same,
// as only then the number that would be enough is sure.
type skipLog struct {
	log  *slog.Logger
	mu   sync.Mutex
	jobs map[string]*skipping
}

// skipping is a job that keeps skipping.
type skipping struct {
	warned  int
	count   int       // since the last line
	since   time.Time // of the last line
	latest  job.Record
	atLimit *policy.AtLimit
}

const (
	warnSingly   = 3
	summaryEvery = time.Minute
)

// skipped logs a skip that is durable.
func (l *skipLog) skipped(d policy.Decided, r job.Record) {
	if r.Reason != job.ReasonMaxInstances {
		l.log.Info("fire times skipped", "job", r.JobID, "reason", r.Reason, "count", r.FireCount,
			"first", r.FirstRunTime, "last", r.LastRunTime)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs == nil {
		l.jobs = map[string]*skipping{}
	}
	j := l.jobs[r.JobID]
	if j == nil {
		j = &skipping{since: time.Now()}
		l.jobs[r.JobID] = j
	}
	learnt := j.atLimit != nil && !j.atLimit.Ended && d.Decision.AtLimit.Ended // how long a run takes, so which number is enough
	j.latest, j.atLimit = r, d.Decision.AtLimit
	if j.warned == warnSingly && !learnt {
		j.count++
		return
	}
	j.warned = min(j.warned+1, warnSingly)
	j.since = time.Now()
	attrs := append([]any{"job", r.JobID, "run", r.RunID, "scheduled_run_time", r.ScheduledRunTime}, j.attrs()...)
	if j.count > 0 {
		attrs = append(attrs, "skipped_besides", j.count)
		j.count = 0
	}
	if j.warned == warnSingly {
		attrs = append(attrs, "note", "further skips of this job are summed up once a minute")
	}
	l.log.Warn("run skipped", attrs...)
}

// flush writes the summaries that are due at now. A job that has not skipped for a whole period is warned of singly again.
func (l *skipLog) flush(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, j := range l.jobs {
		if now.Sub(j.since) < summaryEvery {
			continue
		}
		if j.count == 0 {
			delete(l.jobs, id)
			continue
		}
		attrs := append([]any{"job", id, "count", j.count, "since", j.since.UTC()}, j.attrs()...)
		l.log.Warn("runs skipped", attrs...)
		j.count, j.since = 0, now
	}
}

func (j *skipping) attrs() []any {
	a := j.atLimit
	return []any{"reason", a.Reason(), "instance", a.Oldest.RunID, "running_since", a.Oldest.StartedAt,
		"on_node", a.Oldest.Where(), "remedy", a.Remedy()}
}
