package trigger

// The walks of sets rely on one thing: a member's next looks past the instant it is asked about, always. So whether a
// member fires at an instant is decided by one look, however small its budget, and each round of a walk gets further.

// union fires when any member does.
type union []fires

func (u union) next(after instant, looks int) (at instant, fire bool, left int) {
	at, left = never, looks
	share := max(1, looks/len(u))
	for _, m := range u {
		t, f, rest := m.next(after, share)
		left -= share - rest
		if t < at || t == at && f {
			at, fire = t, f
		}
	}
	return at, fire, left
}

func (u union) last(after, until instant, looks int) (instant, int) {
	at, left := never, looks
	share := max(1, looks/len(u))
	for _, m := range u {
		t, rest := m.last(after, until, share)
		left -= share - rest
		if t != never && (t > at || at == never) {
			at = t
		}
	}
	return at, left
}

func (u union) count(after, until instant, looks int) (int64, bool) {
	n, reached := walk(u, after, until, looks)
	if reached >= until {
		return n, true
	}
	most := int64(0)
	for _, m := range u {
		more, _ := m.count(reached, until, looks/len(u))
		most = max(most, more)
	}
	return n + most, false
}

// intersection fires when all members do.
type intersection []fires

func (s intersection) next(after instant, looks int) (instant, bool, int) {
	for {
		t, fire, left := s[0].next(after, looks)
		looks = left
		if fire {
			t, fire, looks = s.agree(t, looks)
		}
		if fire || t == never || looks <= 0 {
			return t, fire, looks
		}
		after = t
	}
}

// agree asks whether all others fire with the first at t. If one does not, there is no fire up to the instant returned,
// which is not before t.
func (s intersection) agree(t instant, looks int) (instant, bool, int) {
	for _, m := range s[1:] {
		other, fire, left := m.next(t-1, looks)
		looks = left
		switch {
		case fire && other == t:
			continue
		case fire:
			other--
		}
		return other, false, looks
	}
	return t, true, looks
}

func (s intersection) last(after, until instant, looks int) (instant, int) {
	for looks > 0 && until > after {
		at, left := s[0].last(after, until, looks)
		agreed := at
		for i := 1; i < len(s) && agreed == at && at != never; i++ {
			agreed, left = s[i].last(after, at, left)
		}
		if agreed == at {
			return at, left
		}
		if agreed == never {
			return never, left
		}
		until, looks = agreed, left
	}
	return never, looks
}

func (s intersection) count(after, until instant, looks int) (int64, bool) {
	n, reached := walk(s, after, until, looks)
	return n, reached >= until
}

// difference fires when the first member does and no other.
type difference []fires

func (d difference) next(after instant, looks int) (instant, bool, int) {
	for {
		t, fire, left := d[0].next(after, looks)
		looks = left
		if fire {
			fire, looks = d.stays(t, looks)
		}
		if fire || t == never || looks <= 0 {
			return t, fire, looks
		}
		after = t
	}
}

// stays says that none of the others fires at t. One look at each tells; with more, one that never fires would use up
// all. A set takes one for each of its own members.
func (d difference) stays(t instant, looks int) (bool, int) {
	for _, m := range d[1:] {
		other, fire, left := m.next(t-1, 1)
		looks -= 1 - left
		if fire && other == t {
			return false, looks
		}
	}
	return true, looks
}

func (d difference) last(after, until instant, looks int) (instant, int) {
	for looks > 0 && until > after {
		at, left := d[0].last(after, until, looks)
		looks = left
		if at == never {
			break
		}
		stays, left := d.stays(at, looks)
		if looks = left; stays {
			return at, looks
		}
		until = at - 1
	}
	return never, looks
}

func (d difference) count(after, until instant, looks int) (int64, bool) {
	n, reached := walk(d, after, until, looks)
	return n, reached >= until
}

// walk counts the fires of f in (after, until] one by one, as far as looks go: all of them up to reached.
func walk(f fires, after, until instant, looks int) (n int64, reached instant) {
	for looks > 0 && after < until {
		at, fire, left := f.next(after, looks)
		if fire && at <= until {
			n++
		}
		after, looks = at, left
	}
	return n, after
}
