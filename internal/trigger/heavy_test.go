package trigger

import (
	"fmt"
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

// Definitions that cost seconds to read or to ask, before anything bounded their work. What they say does not matter.
func TestHeavyDefinitionsAreQuick(t *testing.T) {
	halfPast := `{"type":"interval","every":"1h","start":"2026-01-01T00:30:00"}`
	apart := setText("all", setText("any", mixedDaily(8)...), halfPast)
	rare := slices.Repeat([]string{`{"type":"cron","fields":{"year":2196,"month":2,"day":29},"timezone":"Europe/Stockholm","dst_overlap":"both"}`}, 14)
	weeks := slices.Repeat([]string{`{"type":"cron","fields":{"week":53,"day_of_week":"mon"}}`}, 14)
	minutely, half := `{"type":"cron","expression":"* * * * *"}`,
		`{"type":"cron","expression":"* * * * * *","start":"2026-01-01"}`
	for name, text := range map[string]string{
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
