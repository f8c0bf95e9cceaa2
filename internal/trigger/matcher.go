package trigger

import "math/bits"

// matcher is a cron definition as bit sets: the candidates of a cron trigger.
type matcher struct {
	years  [4]uint64 // bit y-1970
	months uint16    // bit 0 is January
	weeks  uint64    // bits 1–53, ISO 8601; all of them when the week does not matter
	// A day is one of both, or of either (Vixie's rule for two restricted fields).
	monthDays, weekDays days
	either              bool

	hours            uint32
	minutes, seconds uint64
}

const allWeeks = 1<<54 - 2

// next implements candidates.
func (m *matcher) next(w wall) wall {
	day, s := w.splitUp()
	t := m.timeFrom(s)
	if t < 0 {
		day++
	}
	found := m.dayFrom(day)
	if found == noDay {
		return noWall
	}
	if t < 0 || found > day {
		t = m.timeFrom(0)
	}
	return wallOf(found, t)
}

// timeFrom returns the first matching second of the day at or after s, negative when there is none.
func (m *matcher) timeFrom(s int) int {
	if s >= 86400 {
		return -1
	}
	h, mi, s := s/3600, s/60%60, s%60
	if m.hours>>h&1 == 0 {
		mi, s = 0, 0
		if h = bitFrom(uint64(m.hours), h+1); h < 0 {
			return -1
		}
	}
	if m.minutes>>mi&1 == 1 {
		if s := bitFrom(m.seconds, s); s >= 0 {
			return h*3600 + mi*60 + s
		}
		mi++
	}
	if mi = bitFrom(m.minutes, mi); mi < 0 {
		if h = bitFrom(uint64(m.hours), h+1); h < 0 {
			return -1
		}
		mi = bitFrom(m.minutes, 0)
	}
	return h*3600 + mi*60 + bitFrom(m.seconds, 0)
}

// bitFrom returns the lowest bit of set at or above n, negative when there is none.
func bitFrom(set uint64, n int) int {
	set = set >> n << n
	if set == 0 {
		return -1
	}
	return bits.TrailingZeros64(set)
}

// dayFrom returns the first matching day at or after day, noDay when there is none before 2200.
func (m *matcher) dayFrom(day int) int {
	month, dayOfMonth := dateOf(day)
	if month < firstMonth {
		month, dayOfMonth = firstMonth, 1
	}
	for ; month <= lastMonth; month, dayOfMonth = month+1, 1 {
		if month = m.monthFrom(month, &dayOfMonth); month > lastMonth {
			break
		}
		start := dayOf(month, 1)
		if d := bitFrom(uint64(m.daysIn(month, start)), dayOfMonth); d > 0 {
			return start + d - 1
		}
	}
	return noDay
}

// monthFrom returns the first month at or after month whose number and year match. If that is another, the day of the
// month becomes 1.
func (m *matcher) monthFrom(month int, dayOfMonth *int) int {
	y, n := month/12, month%12
	if m.hasYear(y) {
		if found := bitFrom(uint64(m.months), n); found >= 0 {
			if found != n {
				*dayOfMonth = 1
			}
			return 12*y + found
		}
	}
	for y++; 12*y <= lastMonth && !m.hasYear(y); y++ {
	}
	*dayOfMonth = 1
	return 12*y + bitFrom(uint64(m.months), 0)
}

func (m *matcher) hasYear(y int) bool { return m.years[(y-1970)/64]>>((y-1970)%64)&1 == 1 }

// daysIn returns the matching days of a month as bits 1–31; start is the day number of its first.
func (m *matcher) daysIn(month, start int) uint32 {
	length, weekday := monthLength(month), weekdayOf(start)
	a, b := m.monthDays.in(length, weekday), m.weekDays.in(length, weekday)
	set := a & b
	if m.either {
		set = a | b
	}
	if m.weeks != allWeeks {
		set &= m.weekDaysIn(length, start, weekday)
	}
	return set
}

// weekDaysIn returns the days of a month that lie in the matching ISO weeks.
func (m *matcher) weekDaysIn(length, start, weekday int) (set uint32) {
	for d := 1 - weekday; d <= length; d += 7 { // each Monday
		if m.weeks>>isoWeek(start+d-1)&1 == 1 {
			set |= uint32(uint64(0b1111111) << (d + 7) >> 7)
		}
	}
	return set & allDays
}

// count implements candidates.
func (m *matcher) count(from, until wall) int64 {
	firstDay, s := from.splitUp()
	lastDay, e := until.splitUp()
	perDay := m.before(86400)
	n := int64(m.daysBetween(firstDay, lastDay)) * int64(perDay)
	if m.matchesDay(firstDay) {
		n -= int64(m.before(s))
	}
	if m.matchesDay(lastDay) {
		n += int64(m.before(e))
	}
	return n
}

// before counts the matching seconds of a day before s.
func (m *matcher) before(s int) int {
	h, mi, s := s/3600, s/60%60, s%60
	perMinute := bits.OnesCount64(m.seconds)
	n := below(uint64(m.hours), h) * bits.OnesCount64(m.minutes) * perMinute
	if m.hours>>h&1 == 1 {
		n += below(m.minutes, mi) * perMinute
		if m.minutes>>mi&1 == 1 {
			n += below(m.seconds, s)
		}
	}
	return n
}

// below counts the bits of set under bit n.
func below(set uint64, n int) int { return bits.OnesCount64(set & (1<<n - 1)) }

func (m *matcher) matchesDay(day int) bool { return m.dayFrom(day) == day }

// daysBetween counts the matching days in [from, until).
func (m *matcher) daysBetween(from, until int) (n int) {
	for day := m.dayFrom(from); day != noDay && day < until; {
		month, dayOfMonth := dateOf(day)
		start := day - dayOfMonth + 1
		set := uint64(m.daysIn(month, start)) >> dayOfMonth << dayOfMonth
		if until-start < monthLength(month) {
			set &= 1<<(until-start+1) - 1
		}
		n += bits.OnesCount64(set)
		day = m.dayFrom(start + monthLength(month))
	}
	return n
}
