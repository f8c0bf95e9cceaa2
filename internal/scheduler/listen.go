package scheduler

import (
	"context"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// listenLoop passes on what other nodes and edits notify. It only shortens the waits of the loops that it wakes: they
// look by themselves too.
type listenLoop struct {
	store   Store
	node    job.Node
	story   *story
	poll    time.Duration
	claims  signal
	cancels signal
}

func (l *listenLoop) run(ctx context.Context) error {
	topics := map[string]func(){job.CancelTopic(l.node.ID): l.cancels.send}
	for _, q := range l.node.Queues {
		topics[q] = l.claims.send
	}
	for ctx.Err() == nil {
		if err := l.store.Listen(ctx, topics); err != nil && ctx.Err() == nil {
			l.story.notListening(err)
		}
		sleep(ctx, jittered(l.poll))
	}
	return nil
}
