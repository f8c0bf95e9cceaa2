package trigger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// mixedDaily are n calendars that fire once a month, a minute apart; their dates follow no arithmetic.
func mixedDaily(n int) (members []string) {
	for i := range n {
		members = append(members,
			fmt.Sprintf(`{"type":"calendar","months":1,"days":1,"start":"1970-01-01","at":"01:%02d"}`, i))
	}
	return members
}

func setText(op string, members ...string) string {
	return fmt.Sprintf(`{"type":%q,"of":[%s]}`, op, strings.Join(members, ","))
}

// exceptNested leaves the members out of each second, by sets in sets, as deep and with as many as there may be.
func exceptNested(members []string, leaves int) string {
	inner := `{"type":"cron","expression":"* * * * * *"}`
	for len(members) > 0 {
		n := min(len(members), (leaves+3)/4)
		inner = setText("except", append([]string{inner}, members[:n]...)...)
		members = members[n:]
	}
	return inner
}

// Definitions that cost seconds to read or to ask, before anything bounded their work. What they say does not matter.
func TestHeavyDefinitionsAreQuick(t *testing.T) {
	halfPast := `{"type":"interval","every":"1h","start":"2026-01-01T00:30:00"}`
	apart := setText("all", setText("any", mixedDaily(8)...), halfPast)
	rare := slices.Repeat([]string{`{"type":"cron","fields":{"year":2196,"month":2,"day":29},"timezone":"Europe/Stockholm","dst_overlap":"both"}`}, 14)
	weeks := slices.Repeat([]string{`{"type":"cron","fields":{"week":53,"day_of_week":"mon"}}`}, 14)
	var secondly []string
	for i := range 31 {
		secondly = append(secondly, fmt.Sprintf(`{"type":"cron","expression":"%d-59 * * * * *"}`, i+1))
	}
	minutely, half := `{"type":"cron","expression":"* * * * *"}`,
		`{"type":"cron","expression":"* * * * * *","start":"2026-01-01"}`
	for name, text := range map[string]string{
		"left out of what is left out": exceptNested(secondly, 32),
		"left out, in Stockholm":       strings.Replace(exceptNested(secondly, 32), "{", `{"timezone":"Europe/Stockholm",`, 1),
		"calendars left out":           exceptNested(mixedDaily(31), 32),
		"any of all":                   setText("any", slices.Repeat([]string{setText("any", secondly[:16]...)}, 2)...),
		"432 triggers": setText("any",
			slices.Repeat([]string{setText("any", slices.Repeat([]string{apart}, 3)...)}, 16)...),
		"three apart":         setText("any", apart, apart, apart, `{"type":"interval","every":"1s"}`),
		"two calendars apart": setText("all", mixedDaily(2)...),
		"rare among minutes": setText("all", setText("any", append(rare, minutely)...),
			`{"type":"cron","expression":"30 * * * * *"}`),
		"weeks among minutes": setText("all", setText("any", append(weeks, minutely)...),
			`{"type":"cron","expression":"30 * * * * *"}`),
		"rare left out of all":    setText("except", slices.Concat([]string{minutely}, rare, []string{half})...),
		"many names":              `{"type":"date"` + strings.Repeat(`,"a":1`, 9_000) + `}`,
		"many different names":    `{"type":"date"` + manyNames(5_000) + `}`,
		"many numbers as members": setText("any", slices.Repeat([]string{"0"}, 30_000)...),
	} {
		var trig *Trigger
		var err error
		took := map[string]time.Duration{"Parse": quickest(func() { trig, err = Parse([]byte(text)) })}
		if err == nil {
			trig = trig.Anchored(at(t, "2026-01-01T00:00:00Z"))
			took["Never"] = quickest(func() { _ = trig.Never() })
			took["Next"] = quickest(func() { trig.Next(at(t, "2150-01-01T00:00:00Z")) })
			took["Count"] = quickest(func() { trig.Count(time.Time{}, at(t, "2150-01-01T00:00:00Z")) })
			took["Preview"] = quickest(func() { trig.Preview(t.Context(), at(t, "2026-01-01T00:00:00Z"), 1000) })
			took["AroundDST"] = quickest(func() { trig.AroundDST(t.Context(), at(t, "2026-01-01T00:00:00Z")) })
			took["Last"] = quickest(func() { trig.Last(time.Time{}, at(t, "2150-01-01T00:00:00Z")) })
		}
		t.Logf("%s: %v", name, took)
		for what, d := range took {
			if d > 100*time.Millisecond*slowdown { // on an idle machine the worst is 10 ms; unbounded, seconds
				t.Errorf("%s: %s took %v", name, what, d)
			}
		}
	}
}

// awkward are members that fire often, or are searched long.
var awkward = []string{
	`{"type":"cron","expression":"* * * * * *"}`,
	`{"type":"cron","expression":"1-59 * * * * *"}`,
	`{"type":"cron","expression":"*/2 * * * * *","timezone":"Europe/Stockholm"}`,
	`{"type":"cron","fields":{"year":2196,"month":2,"day":29},"timezone":"Europe/Stockholm","dst_overlap":"both"}`,
	`{"type":"cron","fields":{"week":53,"day_of_week":"mon"},"timezone":"America/New_York"}`,
	`{"type":"cron","expression":"0 0 29 2 1","timezone":"Africa/Casablanca","dst_gap":"skip"}`,
	`{"type":"calendar","months":1,"days":1,"start":"1970-01-01","at":"01:02","timezone":"Europe/Dublin","dst_gap":"skip"}`,
	`{"type":"calendar","years":97,"days":1,"start":"1970-01-01","at":"01:02"}`,
	`{"type":"interval","every":"1ms","start":"2026-01-01"}`,
	`{"type":"interval","every":"1s","start":"2026-01-01T00:00:00.5"}`,
	`{"type":"cron","expression":"59 59 23 31 12 *","timezone":"Australia/Lord_Howe","dst_overlap":"both"}`,
}

// awkwardSet puts them together as deep as may be, with room for so many more.
func awkwardSet(r *rand.Rand, depth int, room *int) string {
	n := min(2+r.IntN(8), *room)
	if n < 2 || depth == maxDepth || depth > 0 && r.IntN(3) == 0 {
		return awkward[r.IntN(len(awkward))]
	}
	*room -= n - 1
	var members []string
	for range n {
		members = append(members, awkwardSet(r, depth+1, room))
	}
	return setText([]string{"any", "all", "except"}[r.IntN(3)], members...)
}

// One preview is bounded as a whole, however its members are put together: each of these took up to 8 s once.
func TestPreviewsOfAwkwardSetsAreQuick(t *testing.T) {
	from := at(t, "2026-01-01T00:00:00Z")
	for seed := range uint64(60) {
		room := maxLeaves - 1
		text := awkwardSet(rand.New(rand.NewPCG(seed, 0)), 0, &room)
		trig, err := Parse([]byte(text))
		if err != nil {
			continue
		}
		const limit = 100 * time.Millisecond * slowdown
		if d := within(limit, 5, func() { trig.Preview(t.Context(), from, 1000) }); d > limit {
			t.Errorf("the preview of %d, %.300s…, took %v", seed, text, d)
		}
	}
}

func TestPreviewEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	from := at(t, "2026-01-01T00:00:00Z")
	p := parse(t, `{"type":"interval","every":"1s"}`).Preview(ctx, from, 1000)
	if len(p.Fires) > 0 || p.Exhausted || p.LookedTo.IsZero() {
		t.Errorf("nobody waits for it, and it has %d fires, exhausted %v, looked to %v", len(p.Fires), p.Exhausted,
			p.LookedTo)
	}
}

// quickest returns how long f takes, without the noise of the machine: the best of several.
func quickest(f func()) time.Duration { return within(0, 5, f) }

// within returns the best of so many tries of f, or the first that does not take longer than a limit. On a busy machine
// many may be disturbed, and what takes too long by itself takes too long each time.
func within(limit time.Duration, tries int, f func()) time.Duration {
	best := time.Hour
	for range tries {
		began := time.Now()
		f()
		if best = min(best, time.Since(began)); best <= limit {
			break
		}
	}
	return best
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d":1`, i)
	}
	return b.String()
}
