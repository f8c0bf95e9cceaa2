package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// KeepLease renews the node's lease until ctx ends, stops its work when it could not, and watches the other nodes. It
// returns ErrLeaseLost when another node marked this one dead.
func (s *Scheduler) KeepLease(ctx context.Context) error {
	w := watch{seen: map[uuid.UUID]sighting{}}
	next := time.Now()
	for {
		s.awaitBeat(ctx, next)
		if ctx.Err() != nil {
			return nil
		}
		started := time.Now()
		peers, err := s.beat(ctx)
		switch {
		case errors.Is(err, job.ErrLeaseLost):
			s.lease.end(job.ErrLeaseLost)
			s.story.judgedDead()
			return job.ErrLeaseLost
		case ctx.Err() != nil:
			return nil
		case err != nil:
			w.reset()
			s.story.notRenewed(max(0, s.lease.remaining()), err)
			next = started.Add(errorRelook)
		default:
			s.lease.renew(started)
			s.handOver(w.observe(peers, time.Now()))
			next = w.nextLook(started.Add(job.BeatEvery))
		}
	}
}

// awaitBeat sleeps until next, and stops the work at the moment in between at which the lease runs out.
func (s *Scheduler) awaitBeat(ctx context.Context, next time.Time) {
	for ctx.Err() == nil {
		remaining := s.lease.remaining()
		if remaining <= 0 && s.lease.lapse() {
			s.story.leaseRanOut()
		}
		wait := time.Until(next)
		if wait <= 0 {
			return
		}
		if remaining > 0 {
			wait = min(wait, remaining)
		}
		sleep(ctx, wait)
	}
}

// beat renews under a deadline at which the loop must look around again.
func (s *Scheduler) beat(ctx context.Context) ([]job.Peer, error) {
	limit := job.BeatEvery
	if r := s.lease.remaining(); r > 0 {
		limit = min(limit, r)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.Store.Beat(ctx, s.node.ID)
}

// handOver passes dead nodes to the take-over loop. One that does not fit in is seen again at the next beat.
func (s *Scheduler) handOver(dead []job.Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range dead {
		if s.handed[p.ID] {
			continue
		}
		select {
		case s.dead <- p:
			s.handed[p.ID] = true
		default:
		}
	}
}

// watch judges other nodes by their beats: dead is one whose beat stood still for deadAfter of this node's monotonic
// time, over which this node's own renewals succeeded without a gap. So neither a database outage, nor a clock that jumps,
// nor this process's own freezing kills anybody.
type watch struct {
	seen map[uuid.UUID]sighting
	last time.Time // of the latest observation
}

type sighting struct {
	beat  int64
	since time.Time // when this beat was first seen
}

// reset forgets all sightings: a renewal of this node failed.
func (w *watch) reset() { clear(w.seen) }

// observe notes the peers seen by a successful renewal at now and returns the dead.
func (w *watch) observe(peers []job.Peer, now time.Time) (dead []job.Peer) {
	if !w.last.IsZero() && now.Sub(w.last) > 2*job.BeatEvery {
		w.reset()
	}
	w.last = now
	seen := make(map[uuid.UUID]sighting, len(peers))
	for _, p := range peers {
		s, known := w.seen[p.ID]
		if !known || s.beat != p.Beat {
			s = sighting{p.Beat, now}
		}
		seen[p.ID] = s
		if !p.Alive || now.Sub(s.since) >= job.DeadAfter { // an orphan counts as alive: its node may not know yet
			dead = append(dead, p)
		}
	}
	w.seen = seen
	return dead
}

// nextLook is when to renew next: at the time given, or earlier when a peer's beat will have stood still for deadAfter.
func (w *watch) nextLook(regular time.Time) time.Time {
	for _, s := range w.seen {
		judged := s.since.Add(job.DeadAfter)
		if judged.After(w.last) && judged.Before(regular) {
			regular = judged
		}
	}
	return regular
}
