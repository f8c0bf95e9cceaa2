package policy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pgdue/pgdue/internal/job"
)

// Law: where runs take about as long as they did, an advice that is followed holds.
func TestAdviceHoldsWhenFollowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := drawDuration(t, 100*time.Millisecond, 100*time.Second, "duration")
		every := drawDuration(t, max(50*time.Millisecond, took/40), 2*took+50*time.Millisecond, "every")
		w := newWorld(t, every, func() time.Duration {
			return took + drawDuration(t, 0, took/40, "longer")
		})
		l := w.fires(int(took/every) + 50)
		if l == nil {
			return // runs are over before the next fire
		}
		if !l.Ended {
			t.Fatalf("after %d fires no run has ended", int(took/every)+50)
		}
		follow := *w
		follow.look.MaxInstances = l.Enough
		if again := follow.fires(100); again != nil {
			t.Fatalf("%s every %s: %s, and then %s", took, every, l.Remedy(), again.Remedy())
		}
		if slower := l.Slower(); slower > 0 {
			w = newWorld(t, slower, w.duration)
			if again := w.fires(50); again != nil {
				t.Fatalf("%s every %s: no more often than every %s, and then %s", took, every, slower, again.Remedy())
			}
		}
	})
}

// Law: an advice is for more instances than a fire has met, however runs go.
func TestNextAdviceIsLarger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := drawDuration(t, time.Second, 100*time.Second, "duration")
		w := newWorld(t, drawDuration(t, took/20, 2*took, "every"), func() time.Duration {
			return drawDuration(t, took/10, 3*took, "took")
		})
		for range 10 {
			l := w.fires(20)
			if l == nil {
				continue
			}
			if live := l.Others + 1; l.Enough <= w.look.MaxInstances || l.Enough <= live {
				t.Fatalf("%d instances, max_instances %d: %s", live, w.look.MaxInstances, l.Remedy())
			}
			w.look.MaxInstances = l.Enough
		}
	})
}

// The margin is for the next longest run: the fewer are known, and the more they differ, the larger it is.
func TestMarginFollowsTheDistribution(t *testing.T) {
	const second = time.Second
	for _, c := range []struct {
		name     string
		pace     Pace
		interval time.Duration
		jitter   time.Duration
		want     time.Duration
	}{
		{"one run", Pace{Runs: 1, Longest: 60 * second, Shortest: 60 * second}, 5 * second, 0, 63 * second},
		{"a short one", Pace{Runs: 1, Longest: second / 2, Shortest: second / 2}, second, 0, 600 * time.Millisecond},
		{"two that differ", Pace{Runs: 2, Longest: 60 * second, Shortest: 30 * second}, 5 * second, 0, 90 * second},
		{"many that differ", Pace{Runs: 16, Longest: 60 * second, Shortest: 0}, 5 * second, 0, 64 * second},
		{"late ones", Pace{Runs: 1, Longest: 60 * second, Lateness: second}, 5 * second, 0, 64 * second},
		{"one of an outage", Pace{Runs: 1, Longest: 60 * second, Lateness: 50 * second}, 5 * second, 0, 68 * second},
		{"jitter", Pace{Runs: 1, Longest: 60 * second, Lateness: second}, 5 * second, 3 * second, 66 * second},
	} {
		if got := c.pace.span(c.pace.Longest, c.interval, c.jitter); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// world is a job, its node, and the time.
type world struct {
	t        *rapid.T
	duration func() time.Duration // of the next run
	look     Look
	running  []ran // by their start
	ended    []ran // by their end
}

type ran struct {
	job.Instance
	end time.Time
}

func newWorld(t *rapid.T, every time.Duration, duration func() time.Duration) *world {
	return &world{t: t, duration: duration, look: jobEvery(t, every)}
}

// fires lets so many fires come, each looked at up to 30 ms late, and returns what the last one that met the limit
// said.
func (w *world) fires(n int) (met *AtLimit) {
	for range n {
		l := &w.look
		l.Now = l.DueAt.Add(drawDuration(w.t, 0, 30*time.Millisecond, "late"))
		w.pass()
		d := Plan(*l)
		for _, s := range d.Begin {
			w.running = append(w.running, ran{job.Instance{Run: s.Run, StartedAt: l.Now}, l.Now.Add(w.duration())})
		}
		if d.AtLimit != nil {
			met = d.AtLimit
		}
		l.State, l.NextRunTime, l.LastRunTime, l.DueAt = d.State, d.NextRunTime, d.LastRunTime, d.DueAt
	}
	return met
}

// pass lets runs end up to now, and reads what a look would.
func (w *world) pass() {
	w.look.Live = nil
	left := w.running[:0:0]
	for _, r := range w.running {
		if r.end.After(w.look.Now) {
			left, w.look.Live = append(left, r), append(w.look.Live, r.Instance)
		} else {
			w.ended = append(w.ended, r)
		}
	}
	w.running = left
	slices.SortStableFunc(w.ended, func(a, b ran) int { return a.end.Compare(b.end) })
	p := Pace{}
	for _, r := range w.ended[max(0, len(w.ended)-20):] {
		took := r.end.Sub(r.StartedAt)
		if p.Runs++; p.Runs == 1 {
			p.Shortest = took
		}
		p.Longest, p.Shortest = max(p.Longest, took), min(p.Shortest, took)
		p.Lateness = max(p.Lateness, r.StartedAt.Sub(r.ScheduledRunTime))
	}
	w.look.Pace = p
}

func drawDuration(t *rapid.T, from, to time.Duration, label string) time.Duration {
	return time.Duration(rapid.Int64Range(from.Microseconds(), to.Microseconds()).Draw(t, label)) * time.Microsecond
}
