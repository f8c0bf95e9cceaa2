package trigger

// days is a rule that picks days of a month: the union of its parts.
type days struct {
	dates    uint32   // bits 1–31
	weekdays uint8    // every such weekday; bit 0 is Monday
	special  bool     // some of the following are set
	fromEnd  uint32   // bit n: n days before the last of the month
	nearest  uint32   // bits 1–31: the day from Monday to Friday nearest to that date, in the same month
	lastWork bool     // the last day from Monday to Friday
	nth      [7]uint8 // for each weekday, bits 1–5: the first to the fifth; bit 6: the last
}

const (
	allDays  uint32 = 1<<32 - 2
	workdays uint8  = 0b0011111
	nthLast         = 6
)

// in returns the days that d picks in a month of the given length whose first day has the given weekday, as bits 1–31.
func (d *days) in(length, first int) uint32 {
	set := d.dates
	if d.weekdays != 0 {
		set |= everyWeek(d.weekdays, first)
	}
	if d.special {
		set |= d.specials(length, first)
	}
	return set & (1<<(length+1) - 2)
}

// everyWeek returns the days of a month that fall on the given weekdays, as bits 1–31 and beyond the month's end.
func everyWeek(weekdays uint8, first int) uint32 {
	week := uint64(weekdays)
	week = (week | week<<7) >> first & 0b1111111 // bit 0 is the weekday of the first day
	return uint32((week | week<<7 | week<<14 | week<<21 | week<<28) << 1)
}

func (d *days) specials(length, first int) (set uint32) {
	for n := bitFrom(uint64(d.fromEnd), 0); n >= 0; n = bitFrom(uint64(d.fromEnd), n+1) {
		if n < length {
			set |= 1 << (length - n)
		}
	}
	for n := bitFrom(uint64(d.nearest), 0); n >= 0 && n <= length; n = bitFrom(uint64(d.nearest), n+1) {
		set |= 1 << nearestWorkday(n, length, first)
	}
	if d.lastWork {
		set |= 1 << nearestWorkday(length, length, first)
	}
	for weekday, nth := range d.nth {
		set |= nthWeekdays(nth, (weekday-first+7)%7+1, length)
	}
	return set
}

// nearestWorkday returns the day from Monday to Friday nearest to date n, in the same month: as in Quartz, Saturday
// gives the Friday before and Sunday the Monday after, unless those lie in another month.
func nearestWorkday(n, length, first int) int {
	switch weekday := (first + n - 1) % 7; {
	case weekday == 5 && n > 1:
		return n - 1
	case weekday == 5:
		return n + 2
	case weekday == 6 && n < length:
		return n + 1
	case weekday == 6:
		return n - 2
	}
	return n
}

// nthWeekdays returns the chosen ones of a weekday whose first date in the month is given.
func nthWeekdays(nth uint8, date, length int) (set uint32) {
	for n := 1; nth != 0 && date <= length; n, date = n+1, date+7 {
		if nth>>n&1 == 1 || nth>>nthLast&1 == 1 && date+7 > length {
			set |= 1 << date
		}
	}
	return set
}
