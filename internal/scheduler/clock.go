package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

// clockLoop looks for jobs that stand ahead because the database's clock was set back: they look as planned and do not
// fire. It only tells of them; a person decides what of it is right.
type clockLoop struct {
	store   Store
	story   *story
	metrics Metrics

	mu    sync.Mutex // guards known
	known job.Ahead
}

// clockEvery is the time between two looks, each of which reads the tables of all jobs once.
const clockEvery = 5 * time.Minute

const aheadRemedy = "scheduler mend-clock, which shows all such jobs, and with --apply gives them their next run anew"

func (l *clockLoop) run(ctx context.Context) error {
	for ctx.Err() == nil {
		l.look(ctx)
		sleep(ctx, jittered(clockEvery))
	}
	return nil
}

// look looks once. While the database does not answer, what is known stays.
func (l *clockLoop) look(ctx context.Context) {
	a, err := l.store.JobsAhead(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.story.clockNotLookedAt(err)
		}
		return
	}
	l.metrics.Ahead(a.Jobs)
	l.mu.Lock()
	before := l.known
	l.known = a
	l.mu.Unlock()
	if a.Jobs > 0 && a != before {
		l.story.ahead(a, aheadRemedy)
	}
}

func (l *clockLoop) warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known.Jobs == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s further ahead than their triggers allow (%s, for one), since the database's clock "+
		"was set back; %s", say.Count(int64(l.known.Jobs), "job stands", "jobs stand"), l.known.One, aheadRemedy)}
}
