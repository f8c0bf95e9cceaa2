package trigger

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// The longest that reading a definition and asking it once may take.
const patience = 100 * time.Millisecond * slowdown

func FuzzParse(f *testing.F) {
	for _, text := range leaves {
		f.Add([]byte(text))
	}
	f.Add([]byte(impossible))
	f.Add([]byte(`{"type":"except","of":[{"type":"cron","fields":{"day":"1st mon,last","hour":"*/2"}},{"type":"calendar","weeks":1,"start":"2026-01-01"}],` +
		`"jitter":"10s","timezone":"Africa/Casablanca","dst_gap":"edge","dst_overlap":"both","start":"2026-01-01T00:00:00.5Z","end":"2030-01-01"}`))
	f.Fuzz(func(t *testing.T, data []byte) { checkParsed(t, data) })
}

func FuzzCrontab(f *testing.F) {
	for _, s := range []string{"0 9 * * mon-fri", "@daily", "0 0 L-3,15W,LW,W * *", "0 0 ? * fri#2,5L",
		"*/5 22-4 1-31/2 jan 0-7", "TZ=UTC 1 2 3 4 5 6"} {
		f.Add(s, "UTC")
		f.Add(s, "America/Havana")
	}
	f.Fuzz(func(t *testing.T, expression, zone string) {
		text, err := json.Marshal(map[string]string{"type": "cron", "expression": expression, "timezone": zone})
		if err != nil {
			t.Fatal(err)
		}
		checkParsed(t, text)
	})
}

func FuzzDuration(f *testing.F) {
	f.Add("1w2d3h4m5s6ms7us8ns")
	f.Add("1.5h")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if again, err := ParseDuration(FormatDuration(d)); err != nil || again != d || d < 0 {
			t.Errorf("%q is %d, written %s, read as %d, %v", s, d, FormatDuration(d), again, err)
		}
	})
}

// checkParsed holds for whatever Parse accepts: the canonical form reads back to itself, and questions are answered
// soon.
func checkParsed(t *testing.T, data []byte) {
	if took := within(patience, 5, func() { checkOnce(t, data) }); took > patience {
		t.Fatalf("%s took %v", data, took)
	}
}

func checkOnce(t *testing.T, data []byte) {
	trig, err := Parse(data)
	if err != nil {
		return
	}
	canonical, err := trig.MarshalJSON()
	if err != nil || !json.Valid(canonical) {
		t.Fatalf("the canonical form of %s is %s, %v", data, canonical, err)
	}
	again, err := Parse(canonical)
	if err != nil {
		t.Fatalf("Parse(%s), the canonical form of %s: %v", canonical, data, err)
	}
	if second, _ := again.MarshalJSON(); !bytes.Equal(canonical, second) || again.String() != trig.String() {
		t.Fatalf("%s has the canonical forms %s and %s, and the descriptions %q and %q", data, canonical, second, trig,
			again)
	}
	checkAnswers(t, data, trig.Anchored(time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)))
}

func checkAnswers(t *testing.T, data []byte, trig *Trigger) {
	never := trig.Never()
	after, until := time.Time{}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	n := int64(0)
	for range 50 {
		at, again := trig.Next(after)
		if never != nil && !at.IsZero() && trig.kind.name() != "any" && trig.kind.name() != "all" &&
			trig.kind.name() != "except" {
			t.Fatalf("%s fires at %s, though %v", data, at, never)
		}
		if at.IsZero() || at.After(until) {
			break
		}
		if !at.After(after) || !again.IsZero() {
			t.Fatalf("%s fires at %s, %s after %s", data, at, again, after)
		}
		n++
		after = at
	}
	if count, exact := trig.Count(time.Time{}, after); count > n || exact && count != n {
		t.Fatalf("%s has %d, %v fires until %s, want %d", data, count, exact, after, n)
	}
	if last, ok := trig.Last(time.Time{}, after); ok && !last.Equal(after) {
		t.Fatalf("the last fire of %s until %s is %s", data, after, last)
	}
	trig.Delay(after)
	trig.Preview(t.Context(), after, 3)
}
