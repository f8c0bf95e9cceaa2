package trigger

import (
	"iter"
	"math"
	"sort"
	"sync"
	"time"
	_ "time/tzdata" // zones are known even where the machine has none
)

// instant is elapsed time: microseconds since 1970-01-01T00:00:00Z.
type instant int64

// wall is what a clock on the wall shows: microseconds since 1970-01-01T00:00:00 on that same clock.
type wall int64

const (
	second = 1_000_000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// earliest and latest bound all fire times: the years 1970–2199 in UTC.
const (
	earliest instant = 0
	latest   instant = (2200-1970)*365*day + 56*day - 1 // 56 leap years; 2100 is none
	never    instant = math.MaxInt64
	// unanchored is the anchor of a trigger that has none; what counts from the anchor does not fire then.
	unanchored instant = -1 << 62
)

func instantOf(t time.Time) instant { return instant(t.UnixMicro()) }

func (i instant) time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// span is a stretch of time with one offset from UTC. It lasts until the next span starts.
type span struct {
	start  instant
	offset int64 // wall - instant, in microseconds
}

// zone is a time zone as the list of its spans over the years 1970–2199, and some days more on either side.
type zone struct {
	loc       *time.Location
	spans     []span // the first starts at unanchored, before all; neighbours differ in offset
	maxOffset int64
	minOffset int64
}

var utc = newZone(time.UTC)

// zones has a *zone for each name that was asked for. Building one takes about a millisecond; zoneList bounds them.
var zones sync.Map

// loadZone returns the zone with an IANA name, never the machine's own.
func loadZone(name string) (*zone, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*zone), nil
	}
	if err := checkZoneName(name); err != nil {
		return nil, err
	}
	loc, err := loadLocation(name)
	if err != nil {
		return nil, fail("timezone", "the rules of %s cannot be read on this machine: %v", name, err)
	}
	if loc == time.UTC {
		return utc, nil
	}
	z, _ := zones.LoadOrStore(name, newZone(loc))
	return z.(*zone), nil
}

func newZone(loc *time.Location) *zone {
	from := time.Date(1969, 12, 1, 0, 0, 0, 0, time.UTC).In(loc)
	z := &zone{loc: loc, spans: []span{{unanchored, offsetOf(from)}}}
	z.maxOffset, z.minOffset = z.spans[0].offset, z.spans[0].offset
	for end := range boundsAfter(from, time.Date(2200, 2, 1, 0, 0, 0, 0, time.UTC)) {
		z.add(span{instantOf(end), offsetOf(end)})
	}
	return z
}

// boundsAfter are the moments in (from, until] at which something changes in the zone of from, if only its
// abbreviation.
func boundsAfter(from, until time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for t := from; ; {
			_, end := t.ZoneBounds()
			if end.IsZero() || end.After(until) {
				return
			}
			// the library ends a leap year, where it has only a rule, a day early: 31 December ends at its start
			if !end.After(t) {
				end = t.AddDate(0, 0, 1)
			}
			if !yield(end) {
				return
			}
			t = end
		}
	}
}

// add appends a span, unless only the zone's abbreviation or its daylight flag changes.
func (z *zone) add(s span) {
	if s.offset == z.spans[len(z.spans)-1].offset {
		return
	}
	z.spans = append(z.spans, s)
	z.maxOffset = max(z.maxOffset, s.offset)
	z.minOffset = min(z.minOffset, s.offset)
}

func offsetOf(t time.Time) int64 {
	_, seconds := t.Zone()
	return int64(seconds) * second
}

// at returns the index of the span that holds i.
func (z *zone) at(i instant) int {
	return sort.Search(len(z.spans)-1, func(n int) bool { return z.spans[n+1].start > i })
}

// end returns the first instant after span n.
func (z *zone) end(n int) instant {
	if n+1 < len(z.spans) {
		return z.spans[n+1].start
	}
	return never
}

// wall returns what the clocks of the zone show at i.
func (z *zone) wall(i instant) wall { return wall(int64(i) + z.spans[z.at(i)].offset) }

// instants returns the instants at which the clocks show w, as first and last of them. In a gap, where there is none,
// ok is false, and first and last are w shifted by the gap's length and the gap's edge.
func (z *zone) instants(w wall) (first, last instant, ok bool) {
	from := z.at(instant(int64(w) - z.maxOffset))
	for n := from; n < len(z.spans) && z.spans[n].start <= instant(int64(w)-z.minOffset); n++ {
		i := instant(int64(w) - z.spans[n].offset)
		if i < z.spans[n].start || i >= z.end(n) {
			continue
		}
		if !ok {
			first = i
		}
		last, ok = i, true
	}
	if ok {
		return first, last, true
	}
	n := from + 1
	for int64(w) >= int64(z.spans[n].start)+z.spans[n].offset {
		n++
	}
	return instant(int64(w) - z.spans[n-1].offset), z.spans[n].start, false
}
