package trigger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestCronAgreesWithSearch compares cron triggers near transitions with a search over the wall clock, minute by minute,
// that knows only the standard library and the rules in words.
func TestCronAgreesWithSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClock(t)
		trig, err := Parse([]byte(c.text))
		if neverHappens(t, err) {
			return
		}
		checkAgainst(t, trig, c, c.fires(func(w time.Time) bool { return c.match(w) }))
	})
}

// neverHappens says that a drawn trigger was refused because it has no fire times, which is the only reason there may
// be.
func neverHappens(t *rapid.T, err error) bool {
	if err != nil && !strings.HasSuffix(err.Error(), "never happens") {
		t.Fatal(err)
	}
	return err != nil
}

// TestCalendarAgreesWithSearch does the same for calendar triggers.
func TestCalendarAgreesWithSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPlace(t)
		months, days := rapid.IntRange(0, 13).Draw(t, "months"), rapid.IntRange(0, 9).Draw(t, "days")
		if months+days == 0 {
			days = 1
		}
		at := rapid.SampledFrom([]string{"00:00", "00:30", "01:00", "02:00", "02:30", "03:00", "12:00",
			"23:30"}).Draw(t, "at")
		start := c.middle.In(c.loc).AddDate(0, 0, -rapid.IntRange(0, 40).Draw(t, "before")).Format("2006-01-02")
		if start < "1970-01-02" {
			start = "1970-01-02"
		}
		c.text = fmt.Sprintf(`{"type":"calendar","months":%d,"days":%d,"at":%q,"start":%q,%s}`, months, days, at, start,
			c.options())
		trig, err := Parse([]byte(c.text))
		if err != nil {
			t.Fatalf("Parse(%s): %v", c.text, err)
		}
		dates := walkCalendar(start, months, days, c.until.AddDate(0, 0, 2))
		fires := c.fires(func(w time.Time) bool { return dates[w.Format("2006-01-02")] && w.Format("15:04") == at })
		checkAgainst(t, trig, c, fires)
	})
}

// walkCalendar lists the dates of a calendar trigger, one step at a time in the words of APScheduler's documentation.
func walkCalendar(start string, months, days int, until time.Time) map[string]bool {
	dates := map[string]bool{}
	d, _ := time.Parse("2006-01-02", start)
	for d.Before(until) {
		dates[d.Format("2006-01-02")] = true
		for n := 1; months > 0; n++ {
			first := time.Date(d.Year(), d.Month()+time.Month(n*months), 1, 0, 0, 0, 0, time.UTC)
			if next := first.AddDate(0, 0, d.Day()-1); next.Month() == first.Month() {
				d = next
				break
			}
		}
		d = d.AddDate(0, 0, days)
	}
	return dates
}

// place is a stretch of a few days around a transition of a zone, with policies.
type place struct {
	loc                 *time.Location
	middle, from, until time.Time
	gap, overlap        string
	repeats             bool
	text                string
	match               func(time.Time) bool
}

func drawPlace(t *rapid.T) *place {
	name := rapid.SampledFrom(oddZones).Draw(t, "zone")
	z, err := loadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	middle := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	if n := rapid.IntRange(0, len(z.spans)-1).Draw(t, "span"); n > 0 {
		middle = z.spans[n].start.time()
	}
	if middle.Year() < 1970 || middle.Year() > 2198 {
		middle = time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)
	}
	middle = middle.Truncate(time.Minute)
	return &place{
		loc: z.loc, middle: middle, from: middle.Add(-36 * time.Hour), until: middle.Add(36 * time.Hour),
		gap:     rapid.SampledFrom(gapNames).Draw(t, "gap"),
		overlap: rapid.SampledFrom(overlapNames).Draw(t, "overlap"),
	}
}

func (c *place) options() string {
	return fmt.Sprintf(`"timezone":%q,"dst_gap":%q,"dst_overlap":%q`, c.loc, c.gap, c.overlap)
}

// fires searches: every local minute is a candidate; its instants are those at which the standard library shows it.
func (c *place) fires(match func(time.Time) bool) []time.Time {
	const margin, step = 50 * 3600, 30 // Monrovia was 44 minutes and 30 seconds off
	wall := func(i int64) int64 {
		_, offset := time.Unix(i, 0).In(c.loc).Zone()
		return i + int64(offset)
	}
	shown := map[int64][]int64{} // what the clocks show, to instants
	first, last := c.from.Unix()-margin, c.until.Unix()+margin
	for i := first; i < last; i += step {
		shown[wall(i)] = append(shown[wall(i)], i)
	}
	found := map[int64]bool{}
	for w := first + margin - 26*3600; w < last-margin+26*3600; w += 60 {
		if match(time.Unix(w, 0).UTC()) {
			for _, i := range c.pick(w, shown, wall) {
				found[i] = true
			}
		}
	}
	fires := []time.Time{}
	for i := c.from.Unix(); i <= c.until.Unix(); i += step {
		if found[i] {
			fires = append(fires, time.Unix(i, 0).UTC())
		}
	}
	return fires
}

// pick applies the policies, in words: shown are all instants at which the clocks show each local time.
func (c *place) pick(w int64, shown map[int64][]int64, wall func(int64) int64) []int64 {
	instants := shown[w]
	switch n := len(instants); {
	case n == 0 && c.gap == "skip":
		return nil
	case n == 0:
		// The first instant whose clock is past w ends the gap.
		edge := w - 26*3600
		for wall(edge) <= w {
			edge += 30
		}
		if c.gap == "edge" {
			return []int64{edge}
		}
		return []int64{edge + w - wall(edge-30) - 30}
	case n == 1 || c.overlap == "both" || c.overlap == "auto" && c.repeats:
		return instants
	case c.overlap == "second":
		return instants[1:]
	}
	return instants[:1]
}

// checkAgainst compares Next, Count and Last with the fires that were found by search.
func checkAgainst(t *rapid.T, trig *Trigger, c *place, want []time.Time) {
	got := []time.Time{}
	after := c.from.Add(-time.Microsecond)
	for at, _ := trig.Next(after); !at.IsZero() && !at.After(c.until); at, _ = trig.Next(at) {
		got = append(got, at)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("fires of %s near %s (-searched +got):\n%s", c.text, c.middle, diff)
	}
	from := c.from.Add(time.Duration(rapid.IntRange(0, 72*60).Draw(t, "from")) * time.Minute)
	until := c.from.Add(time.Duration(rapid.IntRange(0, 72*60).Draw(t, "until")) * time.Minute)
	in := slices.DeleteFunc(got, func(i time.Time) bool { return !i.After(from) || i.After(until) })
	if n, exact := trig.Count(from, until); n != int64(len(in)) || !exact {
		t.Fatalf("%s has %d, %v fires in (%s, %s], want %d", c.text, n, exact, from, until, len(in))
	}
	last, found := trig.Last(from, until)
	if found != (len(in) > 0) || found && !last.Equal(in[len(in)-1]) {
		t.Fatalf("the last fire of %s in (%s, %s] is %s, %v; want that of %v", c.text, from, until, last, found, in)
	}
}

// drawClock draws crontab text together with its meaning.
func drawClock(t *rapid.T) *place {
	c := drawPlace(t)
	minute, inMinute, starMinute := drawField(t, "minute", 0, 59)
	hour, inHour, starHour := drawField(t, "hour", 0, 23)
	day, inDay, _ := drawField(t, "day", 1, 31)
	month, inMonth, _ := drawField(t, "month", 1, 12)
	weekday, inWeekday := drawWeekday(t)
	c.repeats = starMinute || starHour
	c.text = fmt.Sprintf(`{"type":"cron","expression":"%s %s %s %s %s",%s}`, minute, hour, day, month, weekday,
		c.options())
	star := strings.Contains(day, "*") || strings.Contains(weekday, "*")
	c.match = func(w time.Time) bool {
		a, b := inDay(w.Day()), inWeekday(int(w.Weekday()))
		days := a && b || !star && (a || b)
		return days && inMinute(w.Minute()) && inHour(w.Hour()) && inMonth(int(w.Month()))
	}
	return c
}

// drawWeekday draws a weekday field, in which 0 and 7 are Sunday.
func drawWeekday(t *rapid.T) (string, func(int) bool) {
	text, in, _ := drawField(t, "weekday", 0, 7)
	return text, func(v int) bool { return in(v) || v == 0 && in(7) }
}

// drawField draws one field as text and as a rule; rhythm says that it has a * or a step.
func drawField(t *rapid.T, name string, lo, hi int) (text string, in func(int) bool, rhythm bool) {
	a, b := rapid.IntRange(lo, hi).Draw(t, name), rapid.IntRange(lo, hi).Draw(t, name+" to")
	if rapid.Bool().Draw(t, name+" early") {
		a = min(hi, lo+a%4) // near midnight, where the transitions are
	}
	switch rapid.IntRange(0, 5).Draw(t, name+" form") {
	case 0:
		return fmt.Sprint(a), func(v int) bool { return v == a }, false
	case 1:
		return fmt.Sprintf("%d,%d", a, b), func(v int) bool { return v == a || v == b }, false
	case 2:
		between := func(v int) bool { return a <= v && v <= b || a > b && (v >= a || v <= b) }
		return fmt.Sprintf("%d-%d", a, b), between, false
	case 3:
		n := rapid.IntRange(1, (hi-lo)/2).Draw(t, name+" step")
		return fmt.Sprintf("*/%d", n), func(v int) bool { return (v-lo)%n == 0 }, true
	}
	return "*", func(int) bool { return true }, true
}
