package scheduler

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// newNode draws an id: a node that registers anew is another one to everybody else.
func newNode(name, version string, queues []string, slots int) job.Node {
	id := uuid.New()
	return job.Node{ID: id, Name: name + "/" + id.String()[:4], Queues: queues, Slots: slots, Version: version}
}

// identify keeps a node from firing in a restored copy what fires in the original.
func (s *Scheduler) identify(ctx context.Context) error {
	found, err := s.Store.Identify(ctx, fmt.Sprintf("%s on %s", job.Itself, s.node.Name))
	if err != nil || found.CopyOf == "" {
		return err
	}
	s.story.restoredCopy(found)
	return nil
}
