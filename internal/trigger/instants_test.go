package trigger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// parse reads a trigger that must be right.
func parse(t testing.TB, text string) *Trigger {
	t.Helper()
	trig, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return trig
}

// at reads an RFC 3339 time.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// nexts lists up to n fire times after the given time.
func nexts(trig *Trigger, after time.Time, n int) []string {
	fires := []string{}
	for range n {
		at, again := trig.Next(after)
		if at.IsZero() && again.IsZero() {
			break
		}
		if at.IsZero() {
			after = again
			continue
		}
		fires = append(fires, at.Format(time.RFC3339Nano))
		after = at
	}
	return fires
}

func TestInstantsFire(t *testing.T) {
	for _, tc := range []struct {
		name, trigger, anchor string
		want                  []string
	}{
		{"a date in its zone", `{"type":"date","at":"2026-03-01T09:00:00","timezone":"Europe/Stockholm"}`,
			"2026-01-01T00:00:00Z", []string{"2026-03-01T08:00:00Z"}},
		{"a date without at fires at the anchor", `{"type":"date"}`,
			"2026-01-01T00:00:00.123456Z", []string{"2026-01-01T00:00:00.123456Z"}},
		{"a date at its anchor", `{"type":"date","at":"2026-01-01T01:00:00+01:00"}`,
			"2026-01-01T00:00:00Z", []string{"2026-01-01T00:00:00Z"}},
		{"a date before its anchor", `{"type":"date","at":"2026-01-01"}`, "2026-01-01T00:00:00.000001Z", []string{}},
		{"a date in the gap is shifted", `{"type":"date","at":"2026-03-29T02:30","timezone":"Europe/Stockholm"}`,
			"2026-01-01T00:00:00Z", []string{"2026-03-29T01:30:00Z"}},
		{"a date at the gap's edge",
			`{"type":"date","at":"2026-03-29T02:30","timezone":"Europe/Stockholm","dst_gap":"edge"}`,
			"2026-01-01T00:00:00Z", []string{"2026-03-29T01:00:00Z"}},
		{"a date in the overlap is the first", `{"type":"date","at":"2026-10-25T02:30","timezone":"Europe/Stockholm"}`,
			"2026-01-01T00:00:00Z", []string{"2026-10-25T00:30:00Z"}},
		{"a date in the overlap, second",
			`{"type":"date","at":"2026-10-25T02:30","timezone":"Europe/Stockholm","dst_overlap":"second"}`,
			"2026-01-01T00:00:00Z", []string{"2026-10-25T01:30:00Z"}},
		{"an interval begins one step after the anchor", `{"type":"interval","every":"30s"}`,
			"2026-01-01T00:00:05Z", []string{"2026-01-01T00:00:35Z", "2026-01-01T00:01:05Z", "2026-01-01T00:01:35Z"}},
		{"an interval with a start begins there",
			`{"type":"interval","every":"1d","start":"2026-02-01T10:00","timezone":"Asia/Tokyo"}`,
			"2026-01-01T00:00:00Z", []string{"2026-02-01T01:00:00Z", "2026-02-02T01:00:00Z", "2026-02-03T01:00:00Z"}},
		{"an interval keeps its phase when the start is long ago",
			`{"type":"interval","every":"13h","start":"1970-01-01"}`,
			"2026-01-01T00:00:00Z", []string{"2026-01-01T10:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T12:00:00Z"}},
		{"an interval is elapsed time across a transition",
			`{"type":"interval","every":"1d","start":"2026-03-28T12:00","timezone":"Europe/Stockholm"}`,
			"2026-01-01T00:00:00Z", []string{"2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z", "2026-03-30T11:00:00Z"}},
		{"an end is inclusive", `{"type":"interval","every":"1h","start":"2026-01-01","end":"2026-01-01T02:00"}`,
			"2026-01-01T00:00:00Z", []string{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"}},
		{"an end without a time holds the whole day",
			`{"type":"interval","every":"12h","start":"2026-01-01","end":"2026-01-01"}`,
			"2026-01-01T00:00:00Z", []string{"2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trig := parse(t, tc.trigger).Anchored(at(t, tc.anchor))
			if diff := cmp.Diff(tc.want, nexts(trig, time.Time{}, 3)); diff != "" {
				t.Errorf("fires (-want +got):\n%s", diff)
			}
			if never := trig.Never(); (never != nil) != (len(tc.want) == 0) {
				t.Errorf("Never() = %v with %d fires", never, len(tc.want))
			}
		})
	}
}

func TestTenYearsOfSecondsAreCounted(t *testing.T) {
	trig := parse(t, `{"type":"interval","every":"1s"}`).Anchored(at(t, "2026-01-01T00:00:00Z"))
	n, exact := trig.Count(at(t, "2026-01-01T00:00:00Z"), at(t, "2036-01-01T00:00:00Z"))
	if n != 3652*86400 || !exact {
		t.Errorf("Count = %d, %v", n, exact)
	}
	last, ok := trig.Last(at(t, "2026-01-01T00:00:00Z"), at(t, "2036-01-01T00:00:00.5Z"))
	if !ok || !last.Equal(at(t, "2036-01-01T00:00:00Z")) {
		t.Errorf("Last = %v, %v", last, ok)
	}
}

func TestJitterStaysBeforeTheNextFire(t *testing.T) {
	anchor := at(t, "2026-01-01T00:00:00Z")
	trig := parse(t, `{"type":"interval","every":"1ms","jitter":"1h"}`).Anchored(anchor)
	for range 1000 {
		if d := trig.Delay(anchor.Add(time.Millisecond)); d < 0 || d >= time.Millisecond || d%time.Microsecond != 0 {
			t.Fatalf("a delay of %v with a fire every millisecond", d)
		}
	}
	if d := parse(t, `{"type":"date"}`).Anchored(anchor).Delay(anchor); d != 0 {
		t.Errorf("a delay of %v without jitter", d)
	}
}
