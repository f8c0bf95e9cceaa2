package trigger

import "fmt"

// notes says what daylight saving did to the fire at an instant, where none lies between after and it.
func notes(f fires, after, at instant) []string {
	switch f := f.(type) {
	case window:
		return f.notes(after, at)
	case *wallClock:
		return f.notes(after, at)
	case union:
		return memberNotes(f, after, at)
	case intersection:
		return memberNotes(f, after, at)
	case difference:
		return notes(f[0], after, at)
	}
	return nil
}

func (w window) notes(after, at instant) []string {
	return notes(w.fires, max(after, w.from-1), at)
}

// memberNotes collects, each once, the notes of those members that fire at the instant.
func memberNotes(members []fires, after, at instant) (all []string) {
	seen := map[string]bool{}
	for _, m := range members {
		if t, fire, _ := m.next(at-1, maxLooks); !fire || t != at {
			continue
		}
		for _, note := range notes(m, after, at) {
			if !seen[note] {
				all = append(all, note)
			}
			seen[note] = true
		}
	}
	return all
}

func (c *wallClock) notes(after, at instant) (notes []string) {
	if c.gap == gapSkip {
		notes = c.skipped(after, at)
	}
	n := c.zone.at(at)
	if from, ok := c.cameFromGap(n, at); ok {
		notes = append(notes, fmt.Sprintf("shifted: %s does not exist, fires at %s", describeWall(from), describeWall(c.wall(n, at))))
	}
	return append(notes, c.doubled(n, at)...)
}

// skipped lists the candidates that fell into gaps in (after, at].
func (c *wallClock) skipped(after, at instant) (notes []string) {
	for n := c.zone.at(max(after, earliest)) + 1; n < len(c.zone.spans) && c.zone.spans[n].start <= at; n++ {
		start, end := c.wall(n-1, c.zone.spans[n].start), c.wall(n, c.zone.spans[n].start)
		if w := c.candidates.next(start); w < end {
			note := fmt.Sprintf("skipped: %s does not exist", describeWall(w))
			if more := c.candidates.count(w+1, end); more > 0 {
				note += fmt.Sprintf(", nor do %d more", more)
			}
			notes = append(notes, note)
		}
	}
	return notes
}

// cameFromGap returns the candidate in the gap before span n that fires at the instant.
func (c *wallClock) cameFromGap(n int, at instant) (wall, bool) {
	if at-c.zone.spans[n].start >= instant(c.gapBefore(n)) || c.fromGap(n, at) != at {
		return 0, false
	}
	if c.gap == gapEdge {
		return c.candidates.next(c.wall(n-1, at)), true
	}
	return c.wall(n-1, at), true
}

// doubled says which of two instants with the same local time this is.
func (c *wallClock) doubled(n int, at instant) []string {
	w := c.wall(n, at)
	first, last, ok := c.zone.instants(w)
	if !ok || first == last {
		return nil
	}
	fires, which := "fires twice, this is", "first"
	if c.overlap != overlapBoth {
		fires = "fires only"
	}
	if at == last {
		which = "second"
	}
	return []string{fmt.Sprintf("doubled: %s comes twice, %s the %s time", describeWall(w), fires, which)}
}
