package scheduler

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// detector finds out which other nodes have failed, by their beats: dead is one whose beat stood still for
// job.DeadAfter of this node's monotonic time, over which this node's own renewals succeeded without a gap. So neither
// a database outage, nor a clock that jumps, nor this process's own freezing kills anybody.
type detector struct {
	seen map[uuid.UUID]sighting
	last time.Time // of the latest observation
}

type sighting struct {
	beat  int64
	since time.Time // when this beat was first seen
}

func newDetector() *detector { return &detector{seen: map[uuid.UUID]sighting{}} }

// reset forgets all sightings: a renewal of this node failed.
func (d *detector) reset() { clear(d.seen) }

// observe notes the peers seen by a successful renewal at now and returns the dead.
func (d *detector) observe(peers []job.Peer, now time.Time) (dead []job.Peer) {
	if !d.last.IsZero() && now.Sub(d.last) > 2*job.BeatEvery {
		d.reset()
	}
	d.last = now
	seen := make(map[uuid.UUID]sighting, len(peers))
	for _, p := range peers {
		s, known := d.seen[p.ID]
		if !known || s.beat != p.Beat {
			s = sighting{p.Beat, now}
		}
		seen[p.ID] = s
		if !p.Alive || now.Sub(s.since) >= job.DeadAfter { // an orphan counts as alive: its node may not know yet
			dead = append(dead, p)
		}
	}
	d.seen = seen
	return dead
}

// nextBeat is when to renew next: at the time given, or earlier when a peer's beat will have stood still for
// job.DeadAfter.
func (d *detector) nextBeat(regular time.Time) time.Time {
	for _, s := range d.seen {
		dead := s.since.Add(job.DeadAfter)
		if dead.After(d.last) && dead.Before(regular) {
			regular = dead
		}
	}
	return regular
}
