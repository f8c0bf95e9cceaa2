package scheduler

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// detector finds out which other nodes have failed, by their beats: dead is one whose beat stood still for
// job.DeadAfter of this node's monotonic time, over which this node's own renewals succeeded. So neither a database
// outage, nor a clock that jumps, nor this process's own freezing kills anybody. The time adds up over gaps: a gap
// counts for nothing, and destroys nothing, or connections that drop again and again would put off a take-over for
// ever.
type detector struct {
	seen map[uuid.UUID]sighting
	last time.Time // of the latest observation; zero: what has passed since then does not count
}

// sighting is a peer's beat, and for how long it was observed to stand still.
type sighting struct {
	beat  int64
	still time.Duration
}

func newDetector() *detector { return &detector{seen: map[uuid.UUID]sighting{}} }

// gap says that a renewal of this node failed: the time between the renewals around it does not count.
func (d *detector) gap() { d.last = time.Time{} }

// observe notes the peers seen by a successful renewal at now and returns the dead.
func (d *detector) observe(peers []job.Peer, now time.Time) (dead []job.Peer) {
	passed := d.passed(now)
	d.last = now
	seen := make(map[uuid.UUID]sighting, len(peers))
	for _, p := range peers {
		s, known := d.seen[p.ID]
		if known && s.beat == p.Beat {
			s.still += passed
		} else {
			s = sighting{beat: p.Beat}
		}
		seen[p.ID] = s
		if !p.Alive || s.still >= job.DeadAfter { // an orphan counts as alive: its node may not know yet
			dead = append(dead, p)
		}
	}
	d.seen = seen
	return dead
}

// passed is the time since the latest observation, where it counts: not if a renewal failed meanwhile, nor if none was
// made for so long that this process must have stood still.
func (d *detector) passed(now time.Time) time.Duration {
	passed := now.Sub(d.last)
	if d.last.IsZero() || passed > 2*job.BeatEvery {
		return 0
	}
	return passed
}

// nextBeat is when to renew next: at the time given, or earlier when a peer's beat will have stood still for
// job.DeadAfter.
func (d *detector) nextBeat(regular time.Time) time.Time {
	for _, s := range d.seen {
		dead := d.last.Add(job.DeadAfter - s.still)
		if dead.After(d.last) && dead.Before(regular) {
			regular = dead
		}
	}
	return regular
}
