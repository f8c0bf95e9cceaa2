package trigger

import "fmt"

// notes says what daylight saving did to the fire at an instant, where none lies between after and it.
func notes(f fires, after, at instant) []string {
	switch f := f.(type) {
	case window:
		return f.notes(after, at)
	case *wallClock:
		return f.notes(after, at)
	case begun:
		return f.notes(at)
	case union:
		return memberNotes(f, after, at)
	case intersection:
		return memberNotes(f, after, at)
	case difference:
		return notes(f[0], after, at)
	case *remembered:
		return notes(f.fires, after, at)
	}
	return nil
}

func (w window) notes(after, at instant) []string {
	return notes(w.fires, max(after, w.from-1), at)
}

// memberNotes collects, each once, the notes of those members that fire at the instant, which one look tells.
func memberNotes(members []fires, after, at instant) (all []string) {
	seen := map[string]bool{}
	for _, m := range members {
		if t, fire, _ := m.next(at-1, 1); !fire || t != at {
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
	if from, more, ok := c.cameFromGap(n, at); ok {
		notes = append(notes, shifted(from, more, c.wall(n, at)))
	}
	return append(notes, c.doubled(n, at)...)
}

// notes says what became of the moment from which b counts.
func (b begun) notes(at instant) []string {
	if at != b.first || !b.moment.isLocal() {
		return nil
	}
	w := wall(b.moment.micros)
	first, last, _ := b.zone.instants(w)
	switch {
	case b.zone.wall(at) != w:
		return []string{shifted(w, 0, b.zone.wall(at))}
	case first == last:
		return nil
	case b.every > 0:
		return []string{doubled(w, "starts", at == last)}
	}
	return []string{doubled(w, "fires only", at == last)}
}

// shifted says that w fires at to, and that so would more local times of the same gap.
func shifted(w wall, more int64, to wall) string {
	return fmt.Sprintf("shifted: %s, fires at %s", absent(w, more), describeWall(to))
}

func absent(w wall, more int64) string {
	s := describeWall(w) + " does not exist"
	if more > 0 {
		s += fmt.Sprintf(", nor do %d more", more)
	}
	return s
}

// doubled says at which of its two times w does what fires says.
func doubled(w wall, fires string, second bool) string {
	which := "first"
	if second {
		which = "second"
	}
	return fmt.Sprintf("doubled: %s comes twice, %s the %s time", describeWall(w), fires, which)
}

// skipped lists the candidates that fell into gaps in (after, at].
func (c *wallClock) skipped(after, at instant) (notes []string) {
	for n := c.zone.at(max(after, earliest)) + 1; n < len(c.zone.spans) && c.zone.spans[n].start <= at; n++ {
		start, end := c.wall(n-1, c.zone.spans[n].start), c.wall(n, c.zone.spans[n].start)
		if w := c.candidates.next(start); w < end {
			notes = append(notes, "skipped: "+absent(w, c.candidates.count(w+1, end)))
		}
	}
	return notes
}

// cameFromGap returns the candidate in the gap before span n that fires at the instant, and how many more of them do.
func (c *wallClock) cameFromGap(n int, at instant) (w wall, more int64, ok bool) {
	if at-c.zone.spans[n].start >= instant(c.gapBefore(n)) || c.fromGap(n, at) != at {
		return 0, 0, false
	}
	w = c.wall(n-1, at)
	if c.gap == gapEdge {
		w = c.candidates.next(w)
		more = c.candidates.count(w+1, c.wall(n, at))
	}
	return w, more, true
}

// doubled says which of two instants with the same local time this is.
func (c *wallClock) doubled(n int, at instant) []string {
	w := c.wall(n, at)
	first, last, ok := c.zone.instants(w)
	if !ok || first == last {
		return nil
	}
	fires := "fires twice, this is"
	if c.overlap != overlapBoth {
		fires = "fires only"
	}
	return []string{doubled(w, fires, at == last)}
}
