package trigger

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// calendar fires at one time of day, every so many years, months, weeks and days of the calendar, counted from its
// start. As in APScheduler's CalendarIntervalTrigger, years and months are added first and keep the day of the month; a
// date that does not exist (31 April) is passed over. Weeks and days are added after that.
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
	first := noDay
	switch {
	case o.start.isLocal():
		first = wall(o.start.micros).day()
	case o.start.given():
		first = o.zone.wall(instant(o.start.micros)).day()
	case anchor != unanchored:
		first = o.zone.wall(anchor).day()
	}
	return newWallClock(newDates(12*c.steps[0]+c.steps[1], 7*c.steps[2]+c.steps[3], c.seconds, first), o, false)
}
