package trigger

import (
	"sort"
	"sync"
)

// dates are the candidates of a calendar trigger.
type dates struct {
	months, days int // one step, not both 0
	seconds      int // the time of day
	first        int // the day from which the steps count, noDay when it is not known yet

	// mixed lists all dates where the step has months and days. No arithmetic finds those: each depends on the one
	// before. They are at most one a month. The list is made when first needed.
	mixed func() []int32
}

func newDates(months, days, seconds, first int) *dates {
	d := &dates{months: months, days: days, seconds: seconds, first: first}
	d.mixed = sync.OnceValue(d.walk)
	return d
}

const noDay = -1 << 40

func (d *dates) next(w wall) wall {
	day := d.from(d.dayFrom(w))
	if day == noDay {
		return noWall
	}
	return wallOf(day, d.seconds)
}

func (d *dates) count(from, until wall) (n int64) {
	switch {
	case d.first == noDay || from >= until:
		return 0
	case d.months == 0:
		return d.daysBefore(until) - d.daysBefore(from)
	case d.days > 0:
		return int64(d.mixedBefore(d.dayFrom(until)) - d.mixedBefore(d.dayFrom(from)))
	}
	for w := d.next(from); w < until; w = d.next(w + 1) {
		n++
	}
	return n
}

// dayFrom returns the first day whose candidate, if it has one, is at or after w.
func (d *dates) dayFrom(w wall) int {
	day, s := w.splitUp()
	if s > d.seconds {
		day++
	}
	return day
}

// daysBefore counts the candidates before w where the step is in days.
func (d *dates) daysBefore(w wall) int64 {
	return int64(max(0, (min(d.dayFrom(w), dayOf(lastMonth, 32))-d.first+d.days-1)/d.days))
}

// mixedBefore counts the dates before day where the step has months and days.
func (d *dates) mixedBefore(day int) int {
	if day <= d.first {
		return 0
	}
	list := d.mixed()
	return sort.Search(len(list), func(i int) bool { return int(list[i]) >= day })
}

// from returns the first date at or after day, noDay when there is none before 2200.
func (d *dates) from(day int) int {
	switch {
	case d.first == noDay:
		return noDay
	case day <= d.first:
		return d.first
	case d.months == 0:
		return beforeEnd(d.first + (day-d.first+d.days-1)/d.days*d.days)
	case d.days > 0:
		if i := d.mixedBefore(day); i < len(d.mixed()) {
			return int(d.mixed()[i])
		}
		return noDay
	}
	at := d.near(day)
	for at != noDay && at < day {
		at = d.step(at)
	}
	return at
}

// near returns a date of whole months that is at or before day, and not many steps away.
func (d *dates) near(day int) int {
	first, dayOfMonth := dateOf(d.first)
	here, _ := dateOf(day)
	for month := here - (here-first)%d.months; month > first; month -= d.months {
		if dayOfMonth <= monthLength(month) && dayOf(month, dayOfMonth) <= day {
			return dayOf(month, dayOfMonth)
		}
	}
	return d.first
}

// walk lists all dates, from the first on.
func (d *dates) walk() (list []int32) {
	for at := d.first; at != noDay; at = d.step(at) {
		list = append(list, int32(at))
	}
	return list
}

// step returns the date after the date at.
func (d *dates) step(at int) int {
	month, dayOfMonth := dateOf(at)
	month += d.months
	for dayOfMonth > monthLength(month) {
		if month += d.months; month > lastMonth {
			return noDay
		}
	}
	return beforeEnd(dayOf(month, dayOfMonth) + d.days)
}

func beforeEnd(day int) int {
	if day > dayOf(lastMonth, 31) {
		return noDay
	}
	return day
}
