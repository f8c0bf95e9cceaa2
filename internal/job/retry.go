package job

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"
)

// Retry is an exponential backoff with jitter. Zero fields have their defaults.
type Retry struct {
	Min    *time.Duration // longest wait before the second attempt, 0: none; nil: 1 s
	Max    time.Duration  // longest wait before any attempt; default 5 min
	Factor float64        // by how much the wait grows with each attempt; default 2
}

const (
	defaultRetryMin    = time.Second
	defaultRetryMax    = 5 * time.Minute
	defaultRetryFactor = 2
)

// Backoff draws how long a run waits after the given attempt: half to all of Min × Factor^(attempt−1), at most Max.
func (r Retry) Backoff(attempt int) time.Duration {
	first := r.min()
	longest := float64(max(cmp.Or(r.Max, defaultRetryMax), first))
	wait := min(longest, float64(first)*math.Pow(cmp.Or(r.Factor, defaultRetryFactor), float64(attempt-1)))
	return time.Duration(wait * (0.5 + rand.Float64()/2)).Truncate(time.Microsecond)
}

func (r Retry) min() time.Duration {
	if r.Min == nil {
		return defaultRetryMin
	}
	return *r.Min
}

// Equal says whether both wait as long.
func (r Retry) Equal(s Retry) bool {
	return (r.Min == nil) == (s.Min == nil) && r.min() == s.min() && r.Max == s.Max && r.Factor == s.Factor
}

func (r Retry) check(v *violations) {
	if r.min() < 0 {
		v.add("retry.min", "%s is negative; 0s tries again at once", r.min())
	}
	if r.Max < 0 || r.Max > 0 && r.Min != nil && r.Max < *r.Min {
		v.add("retry.max", "%s is less than retry.min, %s", r.Max, r.min())
	}
	if r.Factor != 0 && !(r.Factor >= 1 && r.Factor <= 100) {
		v.add("retry.factor", "%v is outside 1 to 100; 1 waits equally long each time", r.Factor)
	}
}
