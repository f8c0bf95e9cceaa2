package scheduler

import (
	"context"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// pauses tells what is paused, when the node starts and each time it changes. It belongs to the claim loop alone.
type pauses struct {
	store Store
	story *story
	known map[job.Scope]job.Pause // nil until it was read once
}

// read reads what is paused where the claim loop is about to sleep until next: a node that has work shall not ask.
func (p *pauses) read(ctx context.Context, next time.Time) {
	if !time.Now().Before(next) && p.known != nil {
		return
	}
	lasting, err := p.store.Lasting(ctx)
	if err != nil { // the next tick says what is wrong
		return
	}
	p.compare(lasting)
}

// compare tells what has changed since the last time.
func (p *pauses) compare(lasting []job.Pause) {
	before := p.known
	p.known = make(map[job.Scope]job.Pause, len(lasting))
	for _, now := range lasting {
		p.known[now.Scope] = now
		if b, known := before[now.Scope]; !known || !b.PausedAt.Equal(now.PausedAt) {
			p.story.paused(now)
		}
	}
	for scope := range before {
		if _, lasts := p.known[scope]; !lasts {
			p.story.pauseOver(scope)
		}
	}
}
