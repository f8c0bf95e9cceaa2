package trigger

import (
	"context"
	"strings"
)

// search is a walk along a trigger's fires that answers one person. All its steps together are bounded, and it ends
// with ctx.
type search struct {
	window
	t     *Trigger
	ctx   context.Context
	looks int // what remains
}

// maxSearch bounds a search, in looks at fires of members: below 100 ms of work, however members are put together.
const maxSearch = 20 * maxLooks

func (t *Trigger) search(ctx context.Context) *search {
	return &search{t.walk(), t, ctx, maxSearch}
}

// following returns the first fire in (after, until]. Where it found none, at is how far it has looked; never means
// that there is none.
func (s *search) following(after, until instant) (at instant, found bool) {
	for s.looks > 0 && s.ctx.Err() == nil {
		given := min(s.looks, maxLooks)
		at, fire, left := s.next(after, given)
		s.looks -= max(1, given-left)
		switch {
		case at > until:
			return never, false
		case fire:
			return at, true
		}
		after = at
	}
	return after, false
}

// fire describes the fire at an instant; none lies between after and it.
func (s *search) fire(after, at instant) Fire {
	return Fire{at.time(), at.time().In(s.t.Location()), strings.Join(s.notes(after, at), "; ")}
}
