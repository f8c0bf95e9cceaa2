package trigger

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// calendar fires at one time of day, every so many years, months, weeks and days of the calendar, counted from its start.
// As in APScheduler's CalendarIntervalTrigger, years and months are added first and keep the day of the month; a date that
// does not exist (31 April) is passed over. Weeks and days are added after that.
type calendar struct {
	steps   [4]int // years, months, weeks, days
	seconds int    // the time of day
}

var calendarFields = []string{"years", "months", "weeks", "days", "at"}

func parseCalendar(obj *object, o *options) (kind, error) {
	var c calendar
	for i, name := range calendarFields[:4] {
		n, err := obj.positive(name)
		if err != nil {
			return nil, err
		}
		c.steps[i] = n
	}
	if c.steps == [4]int{} {
		return nil, fail("months", "missing; a calendar trigger needs years, months, weeks or days, such as 1")
	}
	return c.parseAt(obj, o)
}

// parseAt reads the time of day. Where there is none it is that of the start, which is 00:00 for a date.
func (c calendar) parseAt(obj *object, o *options) (kind, error) {
	s, given, err := obj.text("at", "09:00")
	if err != nil {
		return nil, err
	}
	if !given {
		_, c.seconds = wall(o.start.micros).splitUp()
		if o.start.precision == absolute {
			_, c.seconds = o.zone.wall(instant(o.start.micros)).splitUp()
		}
		if o.start.micros%second != 0 {
			return nil, fail("at", "missing; the start, %s, is not a whole second", o.start)
		}
		return c, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		t, err := time.Parse(layout, s)
		if err == nil && len(s) == len(layout) {
			c.seconds = t.Hour()*3600 + t.Minute()*60 + t.Second()
			return c, nil
		}
	}
	return nil, fail("at", "%q is not a time of day; write it like 09:00 or 09:00:30", s)
}

// positive returns an integer member, 0 when there is none.
func (obj *object) positive(name string) (int, error) {
	value, given := obj.values[name]
	if !given {
		return 0, nil
	}
	const most = 100_000
	var n int
	if json.Unmarshal(value, &n) != nil || n < 0 || n > most {
		return 0, fail(name, "%s is not a whole number from 0 to %d", shorten(value), most)
	}
	return n, nil
}

func (c calendar) name() string         { return "calendar" }
func (c calendar) onWall(*options) bool { return true }
func (c calendar) field() string        { return "start" }

func (c calendar) needsAnchor(o *options) bool { return !o.start.given() }

func (c calendar) encode(e *encoder, _ *options) {
	for i, name := range calendarFields[:4] {
		if c.steps[i] > 0 {
			e.raw(name, []byte(strconv.Itoa(c.steps[i])))
		}
	}
	e.text("at", clockTime(c.seconds))
}

func (c calendar) describe(*options) string {
	var parts []string
	for i, name := range calendarFields[:4] {
		switch n := c.steps[i]; {
		case n == 1:
			parts = append(parts, strings.TrimSuffix(name, "s"))
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	return "every " + and(parts) + " at " + clockTime(c.seconds)
}

func (c calendar) fires(o *options, anchor instant) fires {
	dates := &dates{months: 12*c.steps[0] + c.steps[1], days: 7*c.steps[2] + c.steps[3], seconds: c.seconds, first: noDay}
	switch {
	case o.start.isLocal():
		dates.first = wall(o.start.micros).day()
	case o.start.given():
		dates.first = o.zone.wall(instant(o.start.micros)).day()
	case anchor != unanchored:
		dates.first = o.zone.wall(anchor).day()
	}
	return newWallClock(dates, o, false)
}

// dates are the candidates of a calendar trigger.
type dates struct {
	months, days int // one step, not both 0
	seconds      int // the time of day
	first        int // the day from which the steps count, noDay when it is not known yet
}

const noDay = -1 << 40

func (d *dates) next(w wall) wall {
	day, s := w.splitUp()
	if s > d.seconds {
		day++
	}
	if day = d.from(day); day == noDay {
		return noWall
	}
	return wallOf(day, d.seconds)
}

func (d *dates) count(from, until wall) (n int64) {
	if d.months == 0 && d.first != noDay {
		return d.daysBefore(until) - d.daysBefore(from)
	}
	for w := d.next(from); w < until; w = d.next(w + 1) {
		n++
	}
	return n
}

// daysBefore counts the candidates before w where the step is in days.
func (d *dates) daysBefore(w wall) int64 {
	day, s := w.splitUp()
	if s > d.seconds {
		day++
	}
	return int64(max(0, (min(day, dayOf(lastMonth, 32))-d.first+d.days-1)/d.days))
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
	}
	at := d.first
	if d.days == 0 {
		at = d.near(day)
	}
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
