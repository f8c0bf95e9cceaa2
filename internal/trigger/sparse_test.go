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

// TestSparseCronAgreesWithSearch compares triggers that fire rarely with a search day by day over twenty years: here
// Next leaps over transitions.
func TestSparseCronAgreesWithSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, err := loadZone(rapid.SampledFrom(oddZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		day, inDay, _ := drawField(t, "day", 1, 31)
		month, inMonth, _ := drawField(t, "month", 1, 12)
		weekday, inWeekday := drawWeekday(t)
		year := rapid.IntRange(1971, 2175).Draw(t, "year")
		o := options{zone: z, overlap: overlapPolicy(rapid.IntRange(0, 3).Draw(t, "overlap")),
			gap: gapPolicy(rapid.IntRange(0, 2).Draw(t, "gap"))}
		text := fmt.Sprintf(`{"type":"cron","expression":"15 2 %s %s %s","timezone":%q,"dst_gap":%q,"dst_overlap":%q}`,
			day, month, weekday, z.loc, gapNames[o.gap], overlapNames[o.overlap])
		trig, err := Parse([]byte(text))
		if neverHappens(t, err) {
			return
		}
		star := strings.Contains(day, "*") || strings.Contains(weekday, "*")
		want := []string{}
		add := func(i instant) { want = append(want, i.time().Format(time.RFC3339)) }
		from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		until := from.AddDate(20, 0, 0)
		for d := from; d.Before(until); d = d.AddDate(0, 0, 1) {
			a, b := inDay(d.Day()), inWeekday(int(d.Weekday()))
			if !inMonth(int(d.Month())) || !(a && b || !star && (a || b)) {
				continue
			}
			first, last, ok := moment{local, d.UnixMicro() + 2*hour + 15*minute}.instants(&o)
			if ok {
				add(first)
			}
			if ok && last != first {
				add(last)
			}
		}
		slices.Sort(want)
		checkSparse(t, trig, text, slices.Compact(want), from.AddDate(0, 0, 3), until.AddDate(0, 0, -3))
	})
}

// checkSparse compares the fires in a stretch that is far from both ends of want.
func checkSparse(t *rapid.T, trig *Trigger, text string, want []string, from, until time.Time) {
	got := []string{}
	for at, _ := trig.Next(from); !at.IsZero() && at.Before(until); at, _ = trig.Next(at) {
		got = append(got, at.Format(time.RFC3339))
	}
	for len(want) > 0 && want[len(want)-1] >= until.Format(time.RFC3339) {
		want = want[:len(want)-1]
	}
	for len(want) > 0 && want[0] <= from.Format(time.RFC3339) {
		want = want[1:]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("fires of %s from %s (-searched +got):\n%.1000s", text, from, diff)
	}
	n, exact := trig.Count(from, until.Add(-1))
	last, ok := trig.Last(from, until.Add(-1))
	if n != int64(len(want)) || !exact || ok != (n > 0) || ok && last.Format(time.RFC3339) != want[n-1] {
		t.Fatalf("%s: Count = %d, %v, Last = %s, %v; want %d", text, n, exact, last, ok, len(want))
	}
}
