package trigger

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		text string
		want Error
	}{
		{``, Error{"", `nothing is not a JSON object; write a trigger like {"type":"interval","every":"30s"}`}},
		{`[]`, Error{"", `[] is not a JSON object; write a trigger like {"type":"interval","every":"30s"}`}},
		{`{"type":"date"} x`, Error{"", "there is text after the JSON object"}},
		{`{"type":"date","type":"date"}`, Error{"type", "given twice"}},
		{`{"every":"30s"}`, Error{"type", "missing; write " + list(typeNames())}},
		{`{"type":1}`, Error{"type", `1 is not a string; write it like "interval"`}},
		{`{"type":"interval","every":"30s","Every":"30s"}`, Error{"Every",
			"interval has no such field (type, every, start, end, timezone, jitter, dst_gap, dst_overlap)"}},
		{`{"type":"interval"}`, Error{"every", `missing; an interval needs a duration such as "30s"`}},
		{`{"type":"interval","every":30}`, Error{"every", `30 is not a string; write it like "1h30m"`}},
		{`{"type":"interval","every":"30"}`, Error{"every", `"30" is not a duration: 30 has no unit; write w, d, h, m, s, ms, us or ns after it`}},
		{`{"type":"interval","every":"0s"}`, Error{"every", "0s is too short; the shortest interval is 1ms"}},
		{`{"type":"interval","every":"1500001ns"}`, Error{"every", "1500001ns is finer than a microsecond"}},
		{`{"type":"interval","every":"1s","timezone":"Local"}`, Error{"timezone",
			`"Local" depends on the machine; write an IANA name such as Europe/Stockholm`}},
		{`{"type":"interval","every":"1s","timezone":"Mars"}`, Error{"timezone",
			`"Mars" is not a time zone; write an IANA name such as Europe/Stockholm`}},
		{`{"type":"interval","every":"1s","dst_gap":"jump"}`, Error{"dst_gap", `"jump" is not known; write shift, skip or edge`}},
		{`{"type":"interval","every":"1s","start":"2026-02-01","end":"2026-01-31"}`, Error{"end", "2026-01-31 lies before the start, 2026-02-01"}},
		{`{"type":"date","at":"2026-02-30"}`, Error{"at",
			`"2026-02-30" is not a time; write it like 2026-03-01T09:00:00 (in the trigger's zone) or 2026-03-01T09:00:00+01:00`}},
		{`{"type":"date","at":"2200-01-01"}`, Error{"at", "2200-01-01 is outside the years 1970-2199"}},
		{`{"type":"date","at":"2026-01-01T00:00:00.0000001"}`, Error{"at", "2026-01-01T00:00:00.0000001 is finer than a microsecond"}},
		{`{"type":"date","at":"2026-03-29T02:30","timezone":"Europe/Stockholm","dst_gap":"skip"}`, Error{"at",
			"2026-03-29T02:30:00 does not exist in Europe/Stockholm, where the clocks go forward, and dst_gap is skip"}},
		{`{"type":"date","at":"2026-03-29T02:30","dst_overlap":"both"}`, Error{"dst_overlap",
			`"both" is not for a date, which fires once; write "first" or "second"`}},
	} {
		_, err := Parse([]byte(tc.text))
		var got *Error
		if !errors.As(err, &got) {
			t.Errorf("Parse(%s) = %v, want an *Error", tc.text, err)
			continue
		}
		if diff := cmp.Diff(tc.want, *got); diff != "" {
			t.Errorf("Parse(%s) (-want +got):\n%s", tc.text, diff)
		}
	}
}

func TestNeverSaysWhy(t *testing.T) {
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]Error{
		`{"type":"date","at":"2025-12-31T23:00","timezone":"Europe/Stockholm"}`: {"at",
			"once at 2025-12-31 23:00 Europe/Stockholm never fires from 2026-01-01 01:00 Europe/Stockholm to 2200-01-01 00:59:59.999999 Europe/Stockholm"},
		`{"type":"interval","every":"1h","end":"2025-12-31"}`: {"end",
			"2025-12-31 23:59:59.999999 UTC lies before 2026-01-01 00:00 UTC, from when the trigger counts"},
		`{"type":"interval","every":"2h","end":"2026-01-01T01:00"}`: {"every",
			"every 2h never fires from 2026-01-01 00:00 UTC to 2026-01-01 01:00 UTC"},
	} {
		err := parse(t, text).Anchored(anchor).Never()
		var got *Error
		if !errors.As(err, &got) {
			t.Errorf("Never of %s = %v, want an *Error", text, err)
			continue
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("Never of %s (-want +got):\n%s", text, diff)
		}
	}
}

// The canonical form and the description of each definition; those in one row are equal.
func TestCanonical(t *testing.T) {
	for _, tc := range []struct {
		json, description string
		same              []string
	}{
		{`{"type":"interval","every":"1m30s"}`, "every 1m30s", []string{
			`{"every":"90s","type":"interval","timezone":"UTC","jitter":"0s","dst_gap":"shift","dst_overlap":"auto","end":null}`}},
		{`{"type":"interval","every":"2w","start":"2026-03-01T09:00:00","end":"2026-04-01","timezone":"Europe/Stockholm","jitter":"10s"}`,
			"every 2w, from 2026-03-01 09:00, until 2026-04-01, Europe/Stockholm, delayed by up to 10s", []string{
				`{"type":"interval","every":"14d","start":"2026-03-01 09:00","end":"2026-04-01","timezone":"Europe/Stockholm","jitter":"10000ms"}`}},
		{`{"type":"date"}`, "once, at once", nil},
		{`{"type":"date","at":"2026-03-01T09:00:00","timezone":"Europe/Stockholm"}`, "once at 2026-03-01 09:00 Europe/Stockholm", nil},
		{`{"type":"date","at":"2026-03-01T08:00:00.5Z"}`, "once at 2026-03-01 08:00:00.5 UTC", []string{
			`{"type":"date","at":"2026-03-01T09:00:00.500+01:00"}`}},
		{`{"type":"date","at":"2026-03-01T08:00:00Z","timezone":"Europe/Stockholm","dst_gap":"edge","dst_overlap":"second"}`,
			"once at 2026-03-01 09:00 Europe/Stockholm", nil},
	} {
		for _, text := range append(tc.same, tc.json) {
			trig := parse(t, text)
			got, err := trig.MarshalJSON()
			if err != nil || string(got) != tc.json {
				t.Errorf("%s has the canonical form %s, %v; want %s", text, got, err, tc.json)
			}
			if trig.String() != tc.description {
				t.Errorf("%s is described as %q; want %q", text, trig, tc.description)
			}
		}
	}
}
