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
	s.Log.Warn("this database looks like a restored copy, so everything is paused; `scheduler resume --all` to fire here",
		"node", s.node.Name, "copy_of", found.CopyOf, "paused_at", found.Pause.PausedAt, "by", found.Pause.PausedBy, "reason", found.Pause.Reason)
	return nil
}
