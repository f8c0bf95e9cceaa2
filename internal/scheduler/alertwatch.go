package scheduler

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

const (
	// judgeAllEvery is how often a node looks through all jobs with OnFailure: for silence, and for ends of which another node
	// died before it judged them.
	judgeAllEvery = 15 * time.Second
	judgeBatch    = 500
	// judgeShare bounds what that costs where such jobs are very many: a twentieth of the node's time.
	judgeShare = 20
	// judgeTries bounds how many verdicts in a row one job gets: that it failed, and that it has recovered since.
	judgeTries = 3
)

// toJudge collects the jobs of which runs have ended and that are to be judged.
type toJudge struct {
	signal signal

	mu   sync.Mutex
	jobs map[string]bool
}

func (j *toJudge) add(ids ...string) {
	if len(ids) == 0 {
		return
	}
	j.mu.Lock()
	if j.jobs == nil {
		j.jobs = map[string]bool{}
	}
	for _, id := range ids {
		j.jobs[id] = true
	}
	j.mu.Unlock()
	j.signal.send()
}

func (j *toJudge) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	ids := slices.Sorted(maps.Keys(j.jobs))
	clear(j.jobs)
	return ids
}

// judgeJobs judges jobs when runs of theirs have ended, and all now and then, until ctx ends. It is a loop of its own: who
// holds a job's lock must not hold up the recording of ends.
func (s *Scheduler) judgeJobs(ctx context.Context) error {
	next := time.Now()
	for ctx.Err() == nil {
		s.JudgeEnded(ctx)
		if time.Now().Before(next) {
			s.toJudge.signal.wait(ctx, time.Until(next))
			continue
		}
		started := time.Now()
		if err := s.JudgeAll(ctx); err != nil && ctx.Err() == nil {
			s.story.notAllJudged(err)
		}
		next = time.Now().Add(jittered(max(judgeAllEvery, judgeShare*time.Since(started))))
	}
	return nil
}

// JudgeEnded judges the jobs of which this node has recorded final ends since. If it fails, or we die before it, JudgeAll
// of any node finds them.
func (s *Scheduler) JudgeEnded(ctx context.Context) {
	for ids := range slices.Chunk(s.toJudge.take(), judgeBatch) {
		if err := s.judge(ctx, ids); err != nil && ctx.Err() == nil {
			s.story.endedNotJudged(err)
		}
	}
}

// JudgeAll judges all jobs with OnFailure.
func (s *Scheduler) JudgeAll(ctx context.Context) error {
	var errs []error
	for after := ""; ; {
		ids, err := s.Store.WatchedJobs(ctx, after, judgeBatch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		if len(ids) > 0 {
			errs = append(errs, s.judge(ctx, ids))
			after = ids[len(ids)-1]
		}
		if len(ids) < judgeBatch {
			return errors.Join(errs...)
		}
	}
}

func (s *Scheduler) judge(ctx context.Context, ids []string) error {
	var errs []error
	for try := 0; try < judgeTries && len(ids) > 0; try++ {
		judged, err := s.Store.JudgeJobs(ctx, ids, policy.Judge)
		errs = append(errs, err)
		ids = nil
		for _, j := range judged {
			// Durable from here: if we die now, the job is paused, and any node makes the call.
			s.story.judged(j)
			if j.Alert.State == job.AlertPending {
				s.callDue.send()
			}
			ids = append(ids, j.JobID)
		}
	}
	return errors.Join(errs...)
}
