package scheduler

import (
	"context"
	"fmt"
	"sync"

	"github.com/pgdue/pgdue/internal/policy"
)

// doubts are claims in doubt: their COMMIT got no answer, so nobody knows whether it happened until the database is
// asked. Until then the slots of their runs stay taken, and nothing else is claimed.
type doubts struct {
	store Store
	story *story

	mu   sync.Mutex // guards list, also while the database is asked
	list []policy.Claim
}

func (d *doubts) add(c policy.Claim) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, c)
}

// resolve asks the database about each, and calls then with the answer.
func (d *doubts) resolve(ctx context.Context, then func(ctx context.Context, c policy.Claim, committed bool)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.list) > 0 {
		c := d.list[0]
		committed, err := d.store.Resolve(ctx, c)
		if err != nil {
			return fmt.Errorf("find out about a claim whose commit is unknown: %w", err)
		}
		d.list = d.list[1:]
		d.story.doubtResolved(c, committed)
		then(ctx, c, committed)
	}
	return nil
}
