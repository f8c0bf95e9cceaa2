package scheduler

import (
	"testing"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// renewal is one that succeeded, at a second, and the beat that it saw of the one peer.
type renewal struct {
	at   float64
	beat int64
}

// every3s are renewals from one second to another that see the same beat.
func every3s(from, to float64, beat int64) (list []renewal) {
	for ; from <= to; from += job.BeatEvery.Seconds() {
		list = append(list, renewal{from, beat})
	}
	return list
}

func TestDetectorFindsTheDead(t *testing.T) {
	for _, c := range []struct {
		name     string
		renewals []renewal
		failed   []float64 // seconds at which a renewal of our own failed
		dead     float64   // second of the first judgement; 0: none
	}{
		{"still for 15 s", every3s(0, 30, 1), nil, 15},
		{"moves every time", []renewal{{0, 1}, {3, 2}, {6, 3}, {9, 4}, {12, 5}, {15, 6}, {18, 7}}, nil, 0},
		{"moves at the last moment", append(every3s(0, 12, 1), every3s(15, 27, 2)...), nil, 0},
		{"moves and then is still", append(every3s(0, 12, 1), every3s(15, 36, 2)...), nil, 30},
		{"our own renewal failed in between", every3s(0, 30, 1), []float64{10}, 18},
		{"every third renewal of our own fails", every3s(0, 60, 1), []float64{5, 14, 23, 32}, 21},
		{"every renewal but one fails in turn", every3s(0, 60, 1), []float64{1, 4, 7, 10, 13, 16, 19, 22}, 39},
		{"it moves while our own renewals fail", append(every3s(0, 12, 1), every3s(15, 27, 2)...), []float64{10}, 0},
		{"we were frozen for a minute", append(every3s(0, 9, 1), every3s(69, 72, 1)...), nil, 0},
		{"we were frozen, and it is dead indeed", append(every3s(0, 9, 1), every3s(69, 99, 1)...), nil, 75},
		{"a late renewal is not a gap", []renewal{{0, 1}, {6, 1}, {12, 1}, {18, 1}}, nil, 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, peer, dead := newDetector(), uuid.New(), 0.0
			for _, r := range c.renewals {
				for len(c.failed) > 0 && r.at > c.failed[0] {
					d.gap()
					c.failed = c.failed[1:]
				}
				if len(d.observe([]job.Peer{{ID: peer, Alive: true, Beat: r.beat}}, at(r.at))) > 0 && dead == 0 {
					dead = r.at
				}
			}
			if dead != c.dead {
				t.Errorf("judged dead at %v s, want %v", dead, c.dead)
			}
		})
	}
}

// A node that others have marked dead is handed over at once; one whose row is gone is forgotten.
func TestDetectorOfMarkedAndGone(t *testing.T) {
	d, id := newDetector(), uuid.New()
	if dead := d.observe([]job.Peer{{ID: id, Alive: false}}, t0); len(dead) != 1 {
		t.Errorf("a marked node was not handed over")
	}
	d.observe(nil, at(3))
	if len(d.seen) != 0 {
		t.Error("a node that is gone is remembered")
	}
}
