package trigger

import (
	"errors"
	"fmt"
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
		{`{"type":"interval","every":"30"}`,
			Error{"every", `"30" is not a duration: 30 has no unit; write w, d, h, m, s, ms, us or ns after it`}},
		{`{"type":"interval","every":"0s"}`, Error{"every", "0s is too short; the shortest interval is 1ms"}},
		{`{"type":"interval","every":"1500001ns"}`, Error{"every", "1500001ns is finer than a microsecond"}},
		{`{"type":"interval","every":"1s","timezone":"Local"}`, Error{"timezone",
			`"Local" depends on the machine; write an IANA name such as Europe/Stockholm`}},
		{`{"type":"interval","every":"1s","timezone":"Mars"}`, Error{"timezone",
			`"Mars" is not a time zone; write an IANA name such as Europe/Stockholm`}},
		{`{"type":"interval","every":"1s","dst_gap":"jump"}`,
			Error{"dst_gap", `"jump" is not known; write shift, skip or edge`}},
		{`{"type":"interval","every":"1s","start":"2026-02-01","end":"2026-01-31"}`,
			Error{"end", "2026-01-31 lies before the start, 2026-02-01"}},
		{`{"type":"date","at":"2026-02-30"}`, Error{"at",
			`"2026-02-30" is not a time; write it like 2026-03-01T09:00:00 (in the trigger's zone) or 2026-03-01T09:00:00+01:00`}},
		{`{"type":"date","at":"2200-01-01"}`, Error{"at", "2200-01-01 is outside the years 1970-2199"}},
		{`{"type":"date","at":"2026-01-01T00:00:00.0000001"}`,
			Error{"at", "2026-01-01T00:00:00.0000001 is finer than a microsecond"}},
		{`{"type":"date","at":"2026-03-29T02:30","timezone":"Europe/Stockholm","dst_gap":"skip"}`, Error{"at",
			"2026-03-29T02:30:00 does not exist in Europe/Stockholm, where the clocks go forward, and " +
				"dst_gap is skip"}},
		{`{"type":"cron"}`, Error{"expression",
			`missing; write crontab text such as "0 9 * * mon-fri", or fields such as {"hour":9}`}},
		{`{"type":"cron","expression":"* * * * *","fields":{"hour":1}}`,
			Error{"fields", "given beside expression; write one of both"}},
		{`{"type":"cron","fields":{}}`, Error{"fields", `empty; write the fields that matter, such as {"hour":9}`}},
		{`{"type":"cron","expression":"TZ=UTC * * * * *","timezone":"Asia/Tokyo"}`, Error{"expression",
			"its zone, UTC, is not the trigger's timezone, Asia/Tokyo; write one of both"}},
		{`{"type":"calendar","at":"09:00"}`,
			Error{"months", "missing; a calendar trigger needs years, months, weeks or days, such as 1"}},
		{`{"type":"calendar","days":-1}`, Error{"days", "-1 is not a whole number from 0 to 100000"}},
		{`{"type":"calendar","days":1,"at":"9:00"}`,
			Error{"at", `"9:00" is not a time of day; write it like 09:00 or 09:00:30`}},
		{`{"type":"any","of":[]}`, Error{"of", "0 triggers; write 1 to 16"}},
		{`{"type":"except","of":[{"type":"date"}]}`,
			Error{"of", "one member; except needs a trigger and what to leave out of it"}},
		{`{"type":"any","of":[{"type":"date"},{"type":"date","at":1}]}`,
			Error{"of[1].at", `1 is not a string; write it like "2026-03-01T09:00:00"`}},
		{`{"type":"any","of":[{"type":"all","of":[3]}]}`, Error{"of[0].of[0]",
			`3 is not a JSON object; write a trigger like {"type":"interval","every":"30s"}`}},
		{`{"type":"any","of":[{"type":"date","jitter":"1s"}]}`,
			Error{"of[0].jitter", "not for a member; write it beside the outermost type"}},
		{`{"type":"any","of":[{"type":"cron","fields":{"hour":25}}]}`,
			Error{"of[0].fields.hour", "25 is outside 0-23"}},
		{`{"type":"any","of":[{"type":"any","of":[{"type":"any","of":[{"type":"any","of":[{"type":"any","of":[{"type":"date"}]}]}]}]}]}`,
			Error{"of[0].of[0].of[0].of[0].of", "sets more than 4 deep; flatten them"}},
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

func TestNeverTellsTheOffsetWhereTimesComeTwice(t *testing.T) {
	trig := parse(t, `{"type":"date","at":"2026-10-25T02:30","timezone":"Europe/Stockholm"}`)
	trig = trig.Anchored(at(t, "2026-10-25T01:10:00Z"))
	const times = "2026-10-25 02:30 +02:00 Europe/Stockholm lies %s 2026-10-25 02:10 +01:00 Europe/Stockholm%s"
	for want, got := range map[string]error{
		fmt.Sprintf(times, "in the past: it is now", "; leave out at to fire at once"):     trig.Never(),
		fmt.Sprintf(times, "before", ", from when on was asked; ask from an earlier time"): trig.NeverFrom(),
	} {
		if got == nil || got.Error() != "at: "+want {
			t.Errorf("got  %v\nwant %s", got, want)
		}
	}
}

func TestNeverSaysWhy(t *testing.T) {
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]Error{
		`{"type":"date","at":"2025-12-31T23:00","timezone":"Europe/Stockholm"}`: {"at",
			"2025-12-31 23:00 Europe/Stockholm lies in the past: it is now 2026-01-01 01:00 Europe/Stockholm; leave " +
				"out at to fire at once"},
		`{"type":"interval","every":"1h","end":"2025-12-31"}`: {"end",
			"2025-12-31 23:59:59.999999 UTC lies before 2026-01-01 00:00 UTC, from when the trigger counts"},
		`{"type":"interval","every":"2h","end":"2026-01-01T01:00"}`: {"every",
			"every 2h never happens from 2026-01-01 00:00 UTC to 2026-01-01 01:00 UTC"},
		impossible: {"of", "the members have no common fire time up to 2027-02-21 15:29 UTC, which is how " +
			"far was looked"},
		`{"type":"all","of":[{"type":"interval","every":"1h"},{"type":"cron","expression":"30 * * * *"}]}`: {"of",
			"the members have no common fire time up to 2027-02-21 16:29 UTC, which is how far was looked; " +
				"an interval without start counts from the job's creation: give it a start"},
		`{"type":"except","of":[{"type":"cron","expression":"0 * * * *"},{"type":"cron","expression":"*/5 * * * *"}]}`: {"of",
			"the members after the first leave out each of its fire times up to 2027-02-21 15:00 UTC, which is how " +
				"far was looked"},
		`{"type":"any","of":[` + impossible +
			`]}`: {"of", "no member has a fire time up to 2027-02-21 15:29 UTC, which is how far was looked"},
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
		{`{"type":"date","at":"2026-03-01T09:00:00","timezone":"Europe/Stockholm"}`,
			"once at 2026-03-01 09:00 Europe/Stockholm", nil},
		{`{"type":"date","at":"2026-03-01T08:00:00.5Z"}`, "once at 2026-03-01 08:00:00.5 UTC", []string{
			`{"type":"date","at":"2026-03-01T09:00:00.500+01:00"}`}},
		{`{"type":"cron","expression":"0 9 * * mon-fri","timezone":"Europe/Stockholm"}`,
			"at 09:00 on Monday to Friday, Europe/Stockholm", []string{
				`{"type":"cron","expression":" 0  9 * * MON-fri ","timezone":"Europe/Stockholm"}`,
				`{"type":"cron","expression":"CRON_TZ=Europe/Stockholm 0 9 * * mon-fri"}`,
				`{"type":"cron","expression":" \tTZ=Europe/Stockholm\t0 9\n* * mon-fri\r\n"}`,
				`{"type":"cron","expression":"TZ=Europe/Stockholm 0 9 * * Mon-Fri","timezone":"Europe/Stockholm"}`}},
		{`{"type":"cron","expression":"0 0 L-2,15W * friL"}`,
			"at 00:00 on the 2nd day before the last and the workday nearest to day 15 of the month or on the last " +
				"Friday of the month, UTC", []string{
				`{"type":"cron","expression":"0 0 l-2,15w * FRIl"}`}},
		{`{"type":"cron","fields":{"day":"last fri","hour":9}}`, "at 09:00 on the last Friday of the month, UTC",
			[]string{
				`{"type":"cron","fields":{"hour":"09","day":"Last  FRI"},"timezone":"UTC"}`}},
		{`{"type":"cron","fields":{"week":53}}`, "at 00:00 every day in ISO week 53, UTC", nil},
		{`{"type":"calendar","months":1,"days":2,"at":"09:00","start":"2026-01-31"}`,
			"every month and 2 days at 09:00, from 2026-01-31, UTC", []string{
				`{"type":"calendar","months":1,"years":0,"days":2,"at":"09:00:00","start":"2026-01-31"}`}},
		{`{"type":"any","of":[{"type":"cron","expression":"0 9 * * *"},{"type":"interval","every":"1h"}],"timezone":"Europe/Stockholm"}`,
			"at 09:00 every day; or every 1h, Europe/Stockholm", []string{
				`{"type":"any","of":[{"type":"cron","expression":"0 9 * * *","timezone":"Europe/Stockholm"},{"type":"interval","every":"60m","timezone":"Europe/Stockholm"}]}`}},
		{`{"type":"except","of":[{"type":"any","of":[{"type":"interval","every":"1h"},{"type":"date"}]},{"type":"cron","expression":"0 9 * * *","timezone":"Asia/Tokyo"}],"jitter":"5s"}`,
			"(every 1h; or once, at once); except at 09:00 every day, Asia/Tokyo, delayed by up to 5s", nil},
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
