package trigger

import "math"

// candidates are the local times of a cron or calendar trigger, enumerated on a wall where every day has 24 hours. They
// are whole seconds.
type candidates interface {
	// next returns the first candidate at or after w, noWall when there is none.
	next(w wall) wall
	// count returns how many candidates lie in [from, until).
	count(from, until wall) int64
}

const noWall wall = math.MaxInt64

// newWallClock returns the fires of c under o's zone and policies. repeats says that the times are not fixed ones: in
// an overlap they come twice by default.
func newWallClock(c candidates, o *options, repeats bool) *wallClock {
	overlap := o.overlap
	switch {
	case overlap == overlapAuto && repeats:
		overlap = overlapBoth
	case overlap == overlapAuto:
		overlap = overlapFirst
	}
	return &wallClock{c, o.zone, o.gap, overlap}
}

// wallClock maps candidates to instants, span by span of the zone. Within span n, which starts at S:
//
//	a candidate w fires at w - offset, if that lies in the span and the overlap policy lets it;
//	a candidate in the gap before S fires at w - (offset of span n-1), which lies after S (shift), or at S (edge).
//
// Both lists grow, so the earlier of their heads is the next fire. Here no gap is longer than the span after it, and no
// overlap longer than the spans beside it; a test holds that of every zone there is.
type wallClock struct {
	candidates
	zone    *zone
	gap     gapPolicy
	overlap overlapPolicy // never auto
}

func (c *wallClock) next(after instant, looks int) (instant, bool, int) {
	from := max(after+1, earliest)
	for n := c.zone.at(from); ; {
		start, end := c.ordinary(n)
		w := c.candidates.next(c.wall(n, max(from, start)))
		at := min(c.fromGap(n, from), c.instant(n, w, end))
		if at != never {
			return at, true, looks - 1
		}
		if n++; n == len(c.zone.spans) {
			return never, false, looks - 1
		}
		from = c.zone.spans[n].start
		if c.overlapBefore(n) > 0 && c.overlap != overlapFirst {
			continue // local times before w come again
		}
		if w == noWall {
			return never, false, looks - 1
		}
		if skip := instant(int64(w) - c.zone.maxOffset); skip > from { // what w and its successors map to is not before
			from = skip
			n = c.zone.at(from)
		}
	}
}

// gapBefore returns the length of the gap at the start of span n, 0 when there is none.
func (c *wallClock) gapBefore(n int) int64 {
	if n == 0 || n == len(c.zone.spans) {
		return 0
	}
	return max(0, c.zone.spans[n].offset-c.zone.spans[n-1].offset)
}

// overlapBefore returns the length of the overlap at the start of span n, 0 when there is none.
func (c *wallClock) overlapBefore(n int) int64 {
	if n == 0 || n == len(c.zone.spans) {
		return 0
	}
	return max(0, c.zone.spans[n-1].offset-c.zone.spans[n].offset)
}

// ordinary returns the instants [start, end) of span n whose local times may fire there.
func (c *wallClock) ordinary(n int) (start, end instant) {
	start, end = c.zone.spans[n].start, c.zone.end(n)
	if c.overlap == overlapFirst {
		start += instant(c.overlapBefore(n))
	}
	if c.overlap == overlapSecond {
		end -= instant(c.overlapBefore(n + 1))
	}
	return start, end
}

func (c *wallClock) wall(n int, i instant) wall { return wall(int64(i) + c.zone.spans[n].offset) }

// instant returns when the clocks show w in span n, never when that is at or after end.
func (c *wallClock) instant(n int, w wall, end instant) instant {
	at := instant(int64(w) - c.zone.spans[n].offset)
	if w == noWall || at >= end {
		return never
	}
	return at
}

// fromGap returns the first instant at or after from at which a candidate from the gap before span n fires.
func (c *wallClock) fromGap(n int, from instant) instant {
	gap := instant(c.gapBefore(n))
	if gap == 0 || c.gap == gapSkip {
		return never
	}
	start := c.zone.spans[n].start
	if c.gap == gapShift && from < start+gap {
		return c.instant(n-1, c.candidates.next(c.wall(n-1, max(from, start))), start+gap)
	}
	if c.gap == gapEdge && from <= start && c.candidates.next(c.wall(n-1, start)) < c.wall(n, start) {
		return start
	}
	return never
}

// last finds the last fire by bisection: next(i) <= until holds for each i before the last fire, and for none after it.
func (c *wallClock) last(after, until instant, looks int) (instant, int) {
	fire, _, _ := c.next(after, 1)
	if fire > until {
		return never, looks - 1
	}
	none := until // there is no fire in (none, until]
	for step := instant(second); until-step > fire; step *= 2 {
		at, _, _ := c.next(until-step, 1)
		if at <= until {
			fire = at
			break
		}
		none = until - step
	}
	for none-fire >= second {
		middle := fire + (none-fire)/2
		if at, _, _ := c.next(middle, 1); at <= until {
			fire = at
		} else {
			none = middle
		}
	}
	return fire, looks - 1
}

func (c *wallClock) count(after, until instant, _ int) (n int64, exact bool) {
	after = max(after, earliest-1)
	for s := c.zone.at(after + 1); s < len(c.zone.spans) && c.zone.spans[s].start <= until; s++ {
		n += c.countSpan(s, max(after, c.zone.spans[s].start-1), min(until, c.zone.end(s)-1))
	}
	return n, true
}

// countSpan counts the fires in (after, until], which lies in span n.
func (c *wallClock) countSpan(n int, after, until instant) (count int64) {
	if gap := c.gapBefore(n); gap > 0 && c.gap != gapSkip {
		// Where gap and ordinary candidates meet, those that fall together count once.
		meet := min(until, c.zone.spans[n].start+instant(gap)-1)
		for at, _, _ := c.next(after, 1); at <= meet; at, _, _ = c.next(at, 1) {
			count++
		}
		after = max(after, meet)
	}
	start, end := c.ordinary(n)
	start, end = max(start, after+1), min(end, until+1)
	if start < end {
		count += c.candidates.count(c.wall(n, start), c.wall(n, end))
	}
	return count
}
