package scheduler

import (
	"context"
	"fmt"

	"github.com/pgdue/pgdue/internal/job"
)

// identify keeps a node from firing in a restored copy what fires in the original.
func (s *Scheduler) identify(ctx context.Context) error {
	found, err := s.Store.Identify(ctx, fmt.Sprintf("%s on %s", job.Itself, s.node.Name))
	if err != nil || found.CopyOf == "" {
		return err
	}
	s.story.restoredCopy(found)
	return nil
}
