package trigger

// Calendar arithmetic on the proleptic Gregorian calendar, for the years 1970–2199 and a little around them.
// A day is counted from 1970-01-01, a weekday from Monday = 0, a month from January of year 0: 12*year + month-1.

// dayOf returns the day number of a date. The day of the month may lie outside the month.
func dayOf(month, dayOfMonth int) int {
	y, m := month/12, month%12
	// Count from 1 March of year 0, so that a leap day ends its year: each month m starts at (153m+2)/5.
	if m < 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-2)+2)/5 + dayOfMonth - 1 - daysTo1970
}

const daysTo1970 = 719468 // from 0000-03-01

// dateOf is the inverse of dayOf.
func dateOf(day int) (month, dayOfMonth int) {
	z := day + daysTo1970
	era, doe := z/146097, z%146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	return 12*(400*era+yoe) + mp + 2, doy - (153*mp+2)/5 + 1
}

func monthLength(month int) int {
	if month%12 != 1 {
		return 30 + int(0b101011010101>>(month%12)&1)
	}
	if y := month / 12; y%4 != 0 || y%100 == 0 && y%400 != 0 {
		return 28
	}
	return 29
}

// weekdayOf returns 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
func weekdayOf(day int) int { return (day + 3 + 7*1000) % 7 }

// isoWeek returns the number of the ISO 8601 week: that of its Thursday, counted in the Thursday's year.
func isoWeek(day int) int {
	thursday := day - weekdayOf(day) + 3
	month, _ := dateOf(thursday)
	return (thursday-dayOf(month-month%12, 1))/7 + 1
}

const firstMonth, lastMonth = 12 * 1970, 12*2199 + 11

// floorDiv returns the quotient rounded down and the remainder, which is not negative.
func floorDiv(a, b int64) (quotient, remainder int64) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		quotient--
		remainder += b
	}
	return quotient, remainder
}

// day returns the day that w lies in.
func (w wall) day() int {
	d, _ := floorDiv(int64(w), day)
	return int(d)
}

// splitUp returns w, rounded up to a whole second, as a day and the second of that day.
func (w wall) splitUp() (dayNumber, secondOfDay int) {
	s, rest := floorDiv(int64(w), second)
	if rest > 0 {
		s++
	}
	d, s := floorDiv(s, 86400)
	return int(d), int(s)
}

func wallOf(dayNumber, secondOfDay int) wall {
	return wall((int64(dayNumber)*86400 + int64(secondOfDay)) * second)
}
