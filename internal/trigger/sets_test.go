package trigger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var leaves = []string{
	`{"type":"interval","every":"10m","start":"2026-03-28T00:00"}`,
	`{"type":"interval","every":"15m","start":"2026-03-28T00:00"}`,
	`{"type":"interval","every":"7m"}`, `{"type":"interval","every":"1h","end":"2026-03-29T04:00"}`,
	`{"type":"cron","expression":"*/5 * * * *"}`, `{"type":"cron","expression":"0 2-3 * * *"}`,
	`{"type":"cron","expression":"30 2 * * *"}`,
	`{"type":"cron","expression":"0 0 29 2 *"}`,
	`{"type":"cron","expression":"*/20 1-4 * * sun","timezone":"Asia/Tokyo"}`,
	`{"type":"date","at":"2026-03-29T03:30"}`, `{"type":"date"}`,
	`{"type":"calendar","days":1,"at":"02:30","start":"2026-03-01"}`,
}

// drawSet draws a definition and a function that says whether it fires at a minute, by the operations in words.
func drawSet(t *rapid.T, depth int, anchor, until time.Time) (text string, fires map[string]bool) {
	op := rapid.SampledFrom([]string{"leaf", "any", "all", "except"}).Draw(t, "operation")
	if depth == 3 || op == "leaf" {
		text = rapid.SampledFrom(leaves).Draw(t, "leaf")
		return text, minutesOf(t, text, anchor, until)
	}
	var texts []string
	for i := range rapid.IntRange(2, 3).Draw(t, "members") {
		member, more := drawSet(t, depth+1, anchor, until)
		texts = append(texts, member)
		if i == 0 {
			fires = more
			continue
		}
		fires = combine(op, fires, more)
	}
	return fmt.Sprintf(`{"type":%q,"of":[%s]}`, op, strings.Join(texts, ",")), fires
}

func combine(op string, a, b map[string]bool) map[string]bool {
	result := map[string]bool{}
	for _, at := range slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		if op == "any" && (a[at] || b[at]) || op == "all" && a[at] && b[at] || op == "except" && a[at] && !b[at] {
			result[at] = true
		}
	}
	return result
}

func minutesOf(t *rapid.T, text string, anchor, until time.Time) map[string]bool {
	trig, err := Parse([]byte(text[:len(text)-1] + inZone(text) + "}"))
	if err != nil {
		t.Fatal(err)
	}
	fires := map[string]bool{}
	for _, at := range firesUntil(trig.Anchored(anchor), until) {
		fires[at] = true
	}
	return fires
}

func inZone(text string) string {
	if strings.Contains(text, "timezone") {
		return ""
	}
	return `,"timezone":"Europe/Stockholm"`
}

// firesUntil walks until the given time, past any "look again".
func firesUntil(trig *Trigger, until time.Time) (fires []string) {
	at, again := trig.Next(time.Time{})
	for (!at.IsZero() || !again.IsZero()) && !at.After(until) && !again.After(until) {
		if !at.IsZero() {
			fires = append(fires, at.Format(time.RFC3339))
			again = at
		}
		at, again = trig.Next(again)
	}
	return fires
}

func TestSetsAreSetOperations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anchor, until := time.Date(2026, 3, 28, 18, 0, 0, 0, time.UTC), time.Date(2026, 3, 30, 6, 0, 0, 0, time.UTC)
		text, fires := drawSet(t, 0, anchor, until)
		trig, err := Parse([]byte(text[:len(text)-1] + inZoneOfSet(text) + "}"))
		if err != nil {
			// a member that never fires is refused wherever it is
			if len(fires) > 0 && !strings.Contains(err.Error(), "of[") {
				t.Fatalf("Parse(%s) = %v, but it fires", text, err)
			}
			return
		}
		trig = trig.Anchored(anchor)
		want := append([]string{}, slices.Sorted(maps.Keys(fires))...)
		got := append([]string{}, firesUntil(trig, until)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("fires of %s (-combined +got):\n%s", text, diff)
		}
		if n, exact := trig.Count(time.Time{}, until); n > int64(len(want)) || exact && n != int64(len(want)) {
			t.Fatalf("Count of %s = %d, %v, want %d", text, n, exact, len(want))
		}
		if last, ok := trig.Last(time.Time{}, until); ok &&
			(len(want) == 0 || last.Format(time.RFC3339) != want[len(want)-1]) {
			t.Fatalf("Last of %s = %s, %v, want that of %v", text, last, ok, want)
		}
	})
}

func inZoneOfSet(text string) string {
	if strings.HasPrefix(text, `{"type":"any"`) || strings.HasPrefix(text, `{"type":"all"`) ||
		strings.HasPrefix(text, `{"type":"except"`) {
		return `,"timezone":"Europe/Stockholm"`
	}
	return inZone(text)
}

// impossible is a set whose members fire often and never together: APScheduler 3's AndTrigger looks for ever.
const impossible = `{"type":"all","of":[{"type":"cron","expression":"0 * * * *"},{"type":"cron","expression":"30 * * * *"}]}`

func TestNeverIsQuick(t *testing.T) {
	anchor := at(t, "2026-01-01T00:00:00Z")
	for _, text := range []string{
		impossible,
		`{"type":"except","of":[{"type":"cron","expression":"*/5 * * * *"},{"type":"cron","expression":"* * * * *"}]}`,
		`{"type":"all","of":[{"type":"interval","every":"1s"},{"type":"interval","every":"1s","start":"2026-01-01T00:00:00.5"}]}`,
		`{"type":"all","of":[` + impossible + `,` + impossible + `,{"type":"any","of":[` + impossible + `,` +
			impossible + `]}]}`,
		`{"type":"cron","fields":{"month":2,"day":29,"day_of_week":"sun"},"end":"2031-12-31"}`,
	} {
		trig := parse(t, text).Anchored(anchor)
		const limit = 5 * time.Millisecond * slowdown
		took := within(limit, 200, func() {
			if trig.Never() == nil {
				t.Errorf("%s is not said to fire never", text)
			}
		})
		t.Logf("%v for %s", took, text)
		if took > limit {
			t.Errorf("it took %v to see that %s never fires", took, text)
		}
	}
}

func TestSetsSayHowFarTheyLooked(t *testing.T) {
	trig := parse(t, impossible).Anchored(at(t, "2026-01-01T00:00:00Z"))
	from := at(t, "2026-01-01T00:00:00Z")
	found, again := trig.Next(from)
	if !found.IsZero() || again.Before(from.Add(100*24*time.Hour)) {
		t.Errorf("Next = %v, %v; want nothing in the first 100 days", found, again)
	}
	if _, exact := trig.Count(from, from.AddDate(10, 0, 0)); exact {
		t.Error("ten years were counted exactly")
	}
	if last, ok := trig.Last(from, from.AddDate(10, 0, 0)); ok {
		t.Errorf("Last = %v", last)
	}
}
