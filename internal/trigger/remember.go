package trigger

// remembered is one member during one walk of a set. Its last answer holds for all that lies between the question and
// the answer, so a member that fires rarely is searched once a fire, not once a look: also where a set has only said
// how far it has looked. It belongs to one goroutine.
type remembered struct {
	fires
	asked, at instant // the last question to next, and its answer
	fire      bool

	since, until, lastAt instant // the last question to last, and its answer
	isSet                bool    // then last is asked each time: its answers depend on the looks
}

func (r *remembered) next(after instant, looks int) (instant, bool, int) {
	if r.asked <= after && after < r.at {
		return r.at, r.fire, looks - 1
	}
	at, fire, left := r.fires.next(after, looks)
	r.asked, r.at, r.fire = after, at, fire
	return at, fire, left
}

func (r *remembered) last(after, until instant, looks int) (instant, int) {
	switch known := !r.isSet && r.since <= after && until <= r.until; {
	case known && r.lastAt == never, known && r.lastAt <= after:
		return never, looks - 1
	case known && r.lastAt <= until:
		return r.lastAt, looks - 1
	}
	at, left := r.fires.last(after, until, looks)
	r.since, r.until, r.lastAt = after, until, at
	return at, left
}

// remembering returns f for one walk: itself, or where it is a set, with members that remember.
func remembering(f fires) fires {
	switch f := f.(type) {
	case window:
		return window{remembering(f.fires), f.from, f.until}
	case union:
		return union(rememberAll(f))
	case intersection:
		return intersection(rememberAll(f))
	case difference:
		return difference(rememberAll(f))
	}
	return f
}

func rememberAll(members []fires) (all []fires) {
	for _, m := range members {
		m = remembering(m)
		if w, ok := m.(window); ok {
			switch c := w.fires.(type) {
			case *wallClock, union, intersection, difference:
				_, plain := c.(*wallClock)
				m = &remembered{fires: w, isSet: !plain}
			}
		}
		all = append(all, m)
	}
	return all
}

// walk returns t's schedule for one walk.
func (t *Trigger) walk() window {
	if _, ok := t.kind.(set); ok {
		return remembering(t.schedule).(window)
	}
	return t.schedule
}
