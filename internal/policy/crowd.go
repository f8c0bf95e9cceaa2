package policy

import (
	"time"

	"github.com/pgdue/pgdue/internal/trigger"
)

// fewAhead is how many fire times an advice is judged from: a working day's end is followed by the next one's
// beginning.
const fewAhead = 32

// fireTimes are fire times in their order, those that an advice is judged from.
type fireTimes []time.Time

// firesFrom are the fire times at and next, and those that follow.
func firesFrom(t *trigger.Trigger, at, next time.Time) fireTimes {
	f := fireTimes{at, next}
	for t != nil && len(f) < fewAhead {
		following, _ := t.Next(f[len(f)-1])
		if following.IsZero() {
			break
		}
		f = append(f, following)
	}
	return f
}

// shortest is the shortest gap between two of them.
func (f fireTimes) shortest() time.Duration {
	gap := f[1].Sub(f[0])
	for i := range f[1:] {
		gap = min(gap, f[i+1].Sub(f[i]))
	}
	return gap
}

// even says that all gaps are the same.
func (f fireTimes) even() bool {
	return f[len(f)-1].Sub(f[0]) == f.shortest()*time.Duration(len(f)-1)
}

// crowd is how many of them are no further apart than span, at most: so many instances there are when each is in the
// way for that long. Where span is longer than all of them together, they go on as they are on average.
func (f fireTimes) crowd(span time.Duration) (most int) {
	if all := f[len(f)-1].Sub(f[0]); all < span {
		return needed(span, all/time.Duration(len(f)-1))
	}
	first := 0
	for i := range f {
		for f[i].Sub(f[first]) > span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
