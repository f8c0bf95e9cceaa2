package trigger

import (
	"strconv"
	"strings"
	"time"
)

// precision is how a moment was written.
type precision int

const (
	unset    precision = iota
	wholeDay           // 2026-03-01: local, the day
	local              // 2026-03-01T09:00:00: what the clocks of the trigger's zone show
	absolute           // 2026-03-01T09:00:00+01:00: RFC 3339
)

// moment is a time as written in "at", "start" or "end". The zero moment is none.
type moment struct {
	precision precision
	micros    int64 // a wall, or an instant when absolute
}

func (m moment) given() bool { return m.precision != unset }

// isLocal says that m depends on the zone.
func (m moment) isLocal() bool { return m.precision == wholeDay || m.precision == local }

// layouts are the ways to write a moment; fractions of a second are read with each.
var layouts = []struct {
	layout string
	precision
}{
	{"2006-01-02T15:04:05Z07:00", absolute},
	{"2006-01-02 15:04:05Z07:00", absolute},
	{"2006-01-02T15:04:05", local},
	{"2006-01-02 15:04:05", local},
	{"2006-01-02T15:04", local},
	{"2006-01-02 15:04", local},
	{"2006-01-02", wholeDay},
}

func parseMoment(field, s string) (moment, error) {
	for _, l := range layouts {
		t, err := time.Parse(l.layout, s)
		if err != nil || strings.Contains(s, ",") {
			continue
		}
		if t.Year() < 1970 || t.Year() > 2199 {
			return moment{}, fail(field, "%s is outside the years 1970-2199", s)
		}
		if t.Nanosecond()%1000 != 0 {
			return moment{}, fail(field, "%s is finer than a microsecond", s)
		}
		return moment{l.precision, t.UnixMicro()}, nil
	}
	return moment{}, fail(field,
		"%s is not a time; write it like 2026-03-01T09:00:00 (in the trigger's zone) or 2026-03-01T09:00:00+01:00",
		strconv.Quote(s))
}

// String is the canonical form, which parseMoment reads back.
func (m moment) String() string {
	t := time.UnixMicro(m.micros).UTC()
	switch m.precision {
	case wholeDay:
		return t.Format("2006-01-02")
	case local:
		return t.Format("2006-01-02T15:04:05.999999")
	default:
		return t.Format("2006-01-02T15:04:05.999999Z07:00")
	}
}

// instants returns the first and the last instant that m means in o's zone by o's policies: one, or in an overlap with
// "both" two. ok is false where dst_gap skips it; first and last are then the gap's edge.
func (m moment) instants(o *options) (first, last instant, ok bool) {
	if m.precision == absolute {
		return instant(m.micros), instant(m.micros), true
	}
	first, last, ok = o.zone.instants(wall(m.micros))
	if !ok {
		if o.gap == gapShift {
			return first, first, true
		}
		return last, last, o.gap == gapEdge
	}
	switch o.overlap {
	case overlapSecond:
		return last, last, true
	case overlapBoth:
		return first, last, true
	}
	return first, first, true
}

// from returns the first instant that m as a start lets through.
func (m moment) from(o *options) instant {
	if !m.given() {
		return earliest
	}
	if m.precision == wholeDay {
		first, edge, ok := o.zone.instants(wall(m.micros))
		if !ok {
			return edge
		}
		return first
	}
	first, _, _ := m.instants(o)
	return first
}

// until returns the last instant that m as an end lets through: ends are inclusive, a day to its last microsecond.
func (m moment) until(o *options) instant {
	if !m.given() {
		return latest
	}
	if m.precision == wholeDay {
		return moment{wholeDay, m.micros + day}.from(o) - 1
	}
	_, last, _ := m.instants(o)
	return last
}

// in describes m in o's zone: 2026-03-01 09:00.
func (m moment) in(o *options) string {
	switch m.precision {
	case wholeDay:
		return m.String()
	case absolute:
		return describeWall(o.zone.wall(instant(m.micros)))
	default:
		return describeWall(wall(m.micros))
	}
}

// describeWall writes w as short as it is exact: 2026-03-01 09:00, with seconds where there are any.
func describeWall(w wall) string {
	t := time.UnixMicro(int64(w)).UTC()
	if int64(w)%minute == 0 {
		return t.Format("2006-01-02 15:04")
	}
	return t.Format("2006-01-02 15:04:05.999999")
}
