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

// judgeLoop judges the jobs that are watched, which are those with OnFailure: at once where a run of theirs has ended,
// and all of them now and then, for silence, and for ends of which another node died before it judged them. It is a
// loop of its own: who holds a job's lock must not hold up the recording of ends.
type judgeLoop struct {
	store Store
	story *story
	calls signal // of the loop that makes an alert's call
	wake  signal // runs of watched jobs have ended

	mu    sync.Mutex      // guards ended
	ended map[string]bool // jobs of which runs have ended and that are not judged since
}

const (
	// judgeAllEvery is how often a node looks through all watched jobs.
	judgeAllEvery = 15 * time.Second
	judgeBatch    = 500
	// judgeShare bounds what that costs where such jobs are very many: a twentieth of the node's time.
	judgeShare = 20
	// judgeTries bounds how many verdicts in a row one job gets: that it failed, and that it has recovered since.
	judgeTries = 3
)

// add lets jobs be judged of which runs have ended.
func (l *judgeLoop) add(jobIDs ...string) {
	if len(jobIDs) == 0 {
		return
	}
	l.mu.Lock()
	for _, id := range jobIDs {
		l.ended[id] = true
	}
	l.mu.Unlock()
	l.wake.send()
}

func (l *judgeLoop) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.Sorted(maps.Keys(l.ended))
	clear(l.ended)
	return ids
}

func (l *judgeLoop) run(ctx context.Context) error {
	next := time.Now()
	for ctx.Err() == nil {
		l.judgeEnded(ctx)
		if time.Now().Before(next) {
			l.wake.wait(ctx, time.Until(next))
			continue
		}
		started := time.Now()
		if err := l.judgeAll(ctx); err != nil && ctx.Err() == nil {
			l.story.notAllJudged(err)
		}
		next = time.Now().Add(jittered(max(judgeAllEvery, judgeShare*time.Since(started))))
	}
	return nil
}

// judgeEnded judges the jobs that were added since. If it fails, or we die before it, judgeAll of any node finds them.
func (l *judgeLoop) judgeEnded(ctx context.Context) {
	for ids := range slices.Chunk(l.take(), judgeBatch) {
		if err := l.judge(ctx, ids); err != nil && ctx.Err() == nil {
			l.story.endedNotJudged(err)
		}
	}
}

func (l *judgeLoop) judgeAll(ctx context.Context) error {
	var errs []error
	for after := ""; ; {
		ids, err := l.store.WatchedJobs(ctx, after, judgeBatch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		if len(ids) > 0 {
			errs = append(errs, l.judge(ctx, ids))
			after = ids[len(ids)-1]
		}
		if len(ids) < judgeBatch {
			return errors.Join(errs...)
		}
	}
}

func (l *judgeLoop) judge(ctx context.Context, ids []string) error {
	var errs []error
	for try := 0; try < judgeTries && len(ids) > 0; try++ {
		judged, err := l.store.JudgeJobs(ctx, ids, policy.Judge)
		errs = append(errs, err)
		ids = nil
		for _, j := range judged {
			// Durable from here: if we die now, the job is paused, and any node makes the call.
			l.story.judged(j)
			if j.Alert.State == job.AlertPending {
				l.calls.send()
			}
			ids = append(ids, j.JobID)
		}
	}
	return errors.Join(errs...)
}
