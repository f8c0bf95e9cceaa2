package scheduler

import (
	"maps"
	"sync"

	"github.com/pgdue/pgdue/internal/policy"
)

// slots counts how many attempts this node may have in its hands, by queue. A slot is taken before the claim and given
// back when the attempt's end is recorded, so that a node without a database does not pile up ends in memory.
type slots struct {
	mu   sync.Mutex // guards free
	free map[string]int
}

func newSlots(queues []string, each int) *slots {
	s := &slots{free: make(map[string]int, len(queues))}
	for _, q := range queues {
		s.free[q] = each
	}
	return s
}

// take takes up to limit free slots of each queue; queues without a free one are left out.
func (s *slots) take(limit int) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := make(map[string]int, len(s.free))
	for q, n := range s.free {
		if n = min(n, limit); n > 0 {
			taken[q] = n
			s.free[q] -= n
		}
	}
	return taken
}

// give gives n slots back and says whether the queue had none.
func (s *slots) give(queue string, n int) (wasFull bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wasFull = s.free[queue] <= 0
	s.free[queue] += n
	return wasFull
}

// giveUnused gives back what a claim did not use of the slots that were taken for it.
func (s *slots) giveUnused(taken map[string]int, c policy.Claim) {
	used := map[string]int{}
	for _, d := range c.Decided {
		used[d.Queue] += len(d.Decision.Begin)
	}
	for q, n := range taken {
		s.give(q, n-used[q])
	}
}

// available lists the queues that have a free slot.
func (s *slots) available() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var queues []string
	for q := range maps.Keys(s.free) {
		if s.free[q] > 0 {
			queues = append(queues, q)
		}
	}
	return queues
}

// spend takes the slots of a claim's runs that were not taken before it.
func (s *slots) spend(c policy.Claim) { s.change(c, -1) }

// refund gives the slots of a claim's runs back.
func (s *slots) refund(c policy.Claim) { s.change(c, +1) }

func (s *slots) change(c policy.Claim, sign int) {
	for _, d := range c.Decided {
		s.give(d.Queue, sign*len(d.Decision.Begin))
	}
}
