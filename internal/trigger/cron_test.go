package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// crontab makes a trigger of crontab text; more are further JSON members.
func crontab(t testing.TB, expression string, more ...string) *Trigger {
	t.Helper()
	quoted, err := json.Marshal(expression)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, `{"type":"cron",`+strings.Join(append(more, ""), ",")+`"expression":`+string(quoted)+`}`)
}

// localNexts lists the next n fires as dates with times, in the trigger's zone.
func localNexts(trig *Trigger, after time.Time, n int) (fires []string) {
	for range n {
		at, _ := trig.Next(after)
		if at.IsZero() {
			break
		}
		fires = append(fires, at.In(trig.Location()).Format("2006-01-02T15:04:05"))
		after = at
	}
	return fires
}

// 2026-01-01 is a Thursday.
func TestCrontabRules(t *testing.T) {
	for _, tc := range []struct {
		source, expression string
		want               string // the next three fires after 2026-01-01T00:00:00
	}{
		{"crontab(5): five fields", "5 4 * * *", "2026-01-01T04:05:00 2026-01-02T04:05:00 2026-01-03T04:05:00"},
		{"robfig/cron, Quartz: six fields, seconds first", "10 5 4 * * *",
			"2026-01-01T04:05:10 2026-01-02T04:05:10 2026-01-03T04:05:10"},
		{"crontab(5): steps", "*/20 * * * *", "2026-01-01T00:20:00 2026-01-01T00:40:00 2026-01-01T01:00:00"},
		{"crontab(5): steps of a range", "0 8-14/3 * * *",
			"2026-01-01T08:00:00 2026-01-01T11:00:00 2026-01-01T14:00:00"},
		{"Quartz: a/n walks to the maximum", "0 0 25/3 * *",
			"2026-01-25T00:00:00 2026-01-28T00:00:00 2026-01-31T00:00:00"},
		{"crontab(5): lists", "0 3,1-2 * * *", "2026-01-01T01:00:00 2026-01-01T02:00:00 2026-01-01T03:00:00"},
		{"crontab(5): 0 is Sunday", "0 0 * * 0", "2026-01-04T00:00:00 2026-01-11T00:00:00 2026-01-18T00:00:00"},
		{"crontab(5): 7 is Sunday", "0 0 * * 7", "2026-01-04T00:00:00 2026-01-11T00:00:00 2026-01-18T00:00:00"},
		{"crontab(5): 5-7 ends on Sunday", "0 0 * * 5-7",
			"2026-01-02T00:00:00 2026-01-03T00:00:00 2026-01-04T00:00:00"},
		{"cronie: 0-7 is the whole week", "0 0 * * 0-7", "2026-01-02T00:00:00 2026-01-03T00:00:00 2026-01-04T00:00:00"},
		{"cronie: 0-07 is the whole week too", "0 0 * * 0-07",
			"2026-01-02T00:00:00 2026-01-03T00:00:00 2026-01-04T00:00:00"},
		{"cronie: and 00-07", "0 0 * * 00-07", "2026-01-02T00:00:00 2026-01-03T00:00:00 2026-01-04T00:00:00"},
		{"cronie: 7-7 is Sunday alone", "0 0 * * 7-7", "2026-01-04T00:00:00 2026-01-11T00:00:00 2026-01-18T00:00:00"},
		{"this package: 7-1 begins on Sunday", "0 0 * * 07-1",
			"2026-01-04T00:00:00 2026-01-05T00:00:00 2026-01-11T00:00:00"},
		{"crontab(5): names", "0 0 1 FEB-Apr *", "2026-02-01T00:00:00 2026-03-01T00:00:00 2026-04-01T00:00:00"},
		{"crontab(5): names of weekdays", "0 0 * * tue,Sat",
			"2026-01-03T00:00:00 2026-01-06T00:00:00 2026-01-10T00:00:00"},
		{"crontab(5): day or weekday when both are restricted", "0 0 13 * fri",
			"2026-01-02T00:00:00 2026-01-09T00:00:00 2026-01-13T00:00:00"},
		{"crontab(5): with * in the day, both must match", "0 0 */2 * sat",
			"2026-01-03T00:00:00 2026-01-17T00:00:00 2026-01-31T00:00:00"},
		{"Quartz: ? does not restrict", "0 0 ? * fri", "2026-01-02T00:00:00 2026-01-09T00:00:00 2026-01-16T00:00:00"},
		{"this package: a range of weekdays wraps", "0 0 * * fri-mon",
			"2026-01-02T00:00:00 2026-01-03T00:00:00 2026-01-04T00:00:00"},
		{"this package: a range of hours wraps", "0 22-1 2 * *",
			"2026-01-02T00:00:00 2026-01-02T01:00:00 2026-01-02T22:00:00"},
		{"this package: a wrapped range keeps its step", "0 0 * * 6-3/2",
			"2026-01-03T00:00:00 2026-01-05T00:00:00 2026-01-07T00:00:00"},
		{"Quartz: L", "0 0 L * *", "2026-01-31T00:00:00 2026-02-28T00:00:00 2026-03-31T00:00:00"},
		{"Quartz: L-n", "0 0 L-30 * *", "2026-03-01T00:00:00 2026-05-01T00:00:00 2026-07-01T00:00:00"},
		{"Quartz: nW, Saturday gives Friday", "0 0 10W jan *",
			"2026-01-09T00:00:00 2027-01-11T00:00:00 2028-01-10T00:00:00"},
		{"Quartz: nW stays in the month", "0 0 1W aug *",
			"2026-08-03T00:00:00 2027-08-02T00:00:00 2028-08-01T00:00:00"},
		{"Quartz: nW stays in the month at its end", "0 0 31W may *",
			"2026-05-29T00:00:00 2027-05-31T00:00:00 2028-05-31T00:00:00"},
		{"Quartz: LW", "0 0 LW * *", "2026-01-30T00:00:00 2026-02-27T00:00:00 2026-03-31T00:00:00"},
		{"this package: W is every workday", "0 0 W * *",
			"2026-01-02T00:00:00 2026-01-05T00:00:00 2026-01-06T00:00:00"},
		{"Quartz: day#n", "0 0 * * fri#3", "2026-01-16T00:00:00 2026-02-20T00:00:00 2026-03-20T00:00:00"},
		{"Quartz: day#5 where there is one", "0 0 * * 5#5",
			"2026-01-30T00:00:00 2026-05-29T00:00:00 2026-07-31T00:00:00"},
		{"Quartz: dayL", "0 0 * * friL", "2026-01-30T00:00:00 2026-02-27T00:00:00 2026-03-27T00:00:00"},
		{"crontab(5): @hourly", "@hourly", "2026-01-01T01:00:00 2026-01-01T02:00:00 2026-01-01T03:00:00"},
		{"crontab(5): @midnight", "@midnight", "2026-01-02T00:00:00 2026-01-03T00:00:00 2026-01-04T00:00:00"},
		{"crontab(5): @weekly", "@weekly", "2026-01-04T00:00:00 2026-01-11T00:00:00 2026-01-18T00:00:00"},
		{"crontab(5): @annually", "@annually", "2027-01-01T00:00:00 2028-01-01T00:00:00 2029-01-01T00:00:00"},
		{"Gregorian calendar: 2100 is not a leap year", "0 0 29 2 *",
			"2028-02-29T00:00:00 2032-02-29T00:00:00 2036-02-29T00:00:00"},
	} {
		got := strings.Join(localNexts(crontab(t, tc.expression), at(t, "2026-01-01T00:00:00Z"), 3), " ")
		if got != tc.want {
			t.Errorf("%s: %q fires at\n%s, want\n%s", tc.source, tc.expression, got, tc.want)
		}
	}
}

func TestNamedFieldRules(t *testing.T) {
	for _, tc := range []struct{ source, fields, want string }{
		{"APScheduler: finer fields default to their minimum", `{"hour":9}`, "2026-01-01T09:00:00 2026-01-02T09:00:00"},
		{"APScheduler: a month alone is its first midnight", `{"month":3}`, "2026-03-01T00:00:00 2027-03-01T00:00:00"},
		{"APScheduler: coarser fields default to *", `{"minute":5}`, "2026-01-01T00:05:00 2026-01-01T01:05:00"},
		{"APScheduler: 0 is Monday", `{"day_of_week":0}`, "2026-01-05T00:00:00 2026-01-12T00:00:00"},
		{"APScheduler: all fields must match", `{"day":13,"day_of_week":"fri"}`,
			"2026-02-13T00:00:00 2026-03-13T00:00:00"},
		{"APScheduler: ISO weeks", `{"week":1,"day_of_week":"mon"}`, "2027-01-04T00:00:00 2028-01-03T00:00:00"},
		{"ISO 8601: 2026 has 53 weeks", `{"week":53}`, "2026-12-28T00:00:00 2026-12-29T00:00:00"},
		{"APScheduler: last", `{"day":"last"}`, "2026-01-31T00:00:00 2026-02-28T00:00:00"},
		{"APScheduler: last weekday", `{"day":"last fri","hour":9}`, "2026-01-30T09:00:00 2026-02-27T09:00:00"},
		{"APScheduler: ordinal weekdays", `{"day":"1st mon,3rd Sun"}`, "2026-01-05T00:00:00 2026-01-18T00:00:00"},
		{"APScheduler: 5th", `{"day":"5th sun"}`, "2026-03-29T00:00:00 2026-05-31T00:00:00"},
		{"APScheduler: a-b/n", `{"hour":"8-20/6"}`, "2026-01-01T08:00:00 2026-01-01T14:00:00"},
		{"APScheduler: a/n", `{"second":"50/5"}`, "2026-01-01T00:00:50 2026-01-01T00:00:55"},
		{"APScheduler: years", `{"year":"2030-2040/10"}`, "2030-01-01T00:00:00 2040-01-01T00:00:00"},
	} {
		trig := parse(t, `{"type":"cron","fields":`+tc.fields+`}`)
		if got := strings.Join(localNexts(trig, at(t, "2026-01-01T00:00:00Z"), 2), " "); got != tc.want {
			t.Errorf("%s: %s fires at\n%s, want\n%s", tc.source, tc.fields, got, tc.want)
		}
	}
}

// Each row is a failure of a library that was measured, or a zone with an odd transition.
func TestDaylightSaving(t *testing.T) {
	zone := func(name string) string { return `"timezone":"` + name + `"` }
	for _, tc := range []struct {
		name, expression, options, after, want string
	}{
		{"a daily job in the gap is not skipped", "30 2 * * *", zone("Europe/Stockholm"), "2026-03-28T12:00:00Z",
			"2026-03-29T03:30:00 2026-03-30T02:30:00"},
		{"a daily job in the overlap fires once", "30 2 * * *", zone("Europe/Stockholm"), "2026-10-24T12:00:00Z",
			"2026-10-25T02:30:00 2026-10-26T02:30:00"},
		{"midnight after spring forward is not lost", "0 0 * * *", zone("Europe/Stockholm"), "2026-03-29T12:00:00Z",
			"2026-03-30T00:00:00 2026-03-31T00:00:00"},
		{"the monthly midnight after spring forward is not lost", "0 0 1 * *", zone("Europe/Stockholm"),
			"2026-03-29T12:00:00Z",
			"2026-04-01T00:00:00 2026-05-01T00:00:00"},
		{"the second hour is not lost", "*/30 * * * *", zone("Europe/Stockholm"), "2026-10-25T00:30:00Z",
			"2026-10-25T02:00:00 2026-10-25T02:30:00 2026-10-25T03:00:00"},
		{"every hour has no hole and no double in the gap", "0 * * * *", zone("Europe/Stockholm"),
			"2026-03-29T00:00:00Z",
			"2026-03-29T03:00:00 2026-03-29T04:00:00"},
		{"two candidates with one instant fire once", "0 2,3 * * *", zone("Europe/Stockholm"), "2026-03-29T00:00:00Z",
			"2026-03-29T03:00:00 2026-03-30T02:00:00"},
		{"half an hour in Lord Howe", "15 2 * * *", zone("Australia/Lord_Howe"), "2026-10-03T00:00:00Z",
			"2026-10-04T02:45:00 2026-10-05T02:15:00"},
		{"midnight does not exist in Beirut", "0 0 * * *", zone("Asia/Beirut"), "2026-03-28T12:00:00Z",
			"2026-03-29T01:00:00 2026-03-30T00:00:00"},
		{"midnight comes twice in Havana", "30 0 * * *", zone("America/Havana"), "2026-10-31T12:00:00Z",
			"2026-11-01T00:30:00 2026-11-02T00:30:00"},
		{"winter time is the daylight saving of Dublin", "30 1 * * *", zone("Europe/Dublin"), "2026-03-28T12:00:00Z",
			"2026-03-29T02:30:00 2026-03-30T01:30:00"},
		{"Ramadan in Casablanca", "30 2 * * *", zone("Africa/Casablanca"), "2026-02-14T12:00:00Z",
			"2026-02-15T02:30:00 2026-02-16T02:30:00"},
		{"30 December 2011 did not happen in Apia", "0 9 * * *", zone("Pacific/Apia"), "2011-12-29T00:00:00Z",
			"2011-12-29T09:00:00 2011-12-31T09:00:00 2012-01-01T09:00:00"},
		{"the skipped day, skipped", "0 9 30 * *", zone("Pacific/Apia") + `,"dst_gap":"skip"`, "2011-12-01T00:00:00Z",
			"2012-01-30T09:00:00 2012-03-30T09:00:00"},
		{"the skipped day, at its edge", "0 9 30 * *", zone("Pacific/Apia") + `,"dst_gap":"edge"`,
			"2011-12-01T00:00:00Z",
			"2011-12-31T00:00:00 2012-01-30T09:00:00"},
		{"2199 knows daylight saving", "30 2 31 3 *", zone("Europe/Stockholm"), "2199-01-01T00:00:00Z",
			"2199-03-31T03:30:00"},
	} {
		trig := crontab(t, tc.expression, tc.options)
		n := len(strings.Fields(tc.want))
		if got := strings.Join(localNexts(trig, at(t, tc.after), n), " "); got != tc.want {
			t.Errorf("%s: %q fires at\n%s, want\n%s", tc.name, tc.expression, got, tc.want)
		}
	}
}

// After 31 January come, as in APScheduler's CalendarIntervalTrigger and in RFC 5545, only months that have a 31st.
func TestCalendarRules(t *testing.T) {
	for _, tc := range []struct{ name, fields, want string }{
		{"a month keeps its day", `"months":1,"at":"09:00","start":"2026-01-31"`,
			"2026-01-31T09:00:00 2026-03-31T09:00:00 2026-05-31T09:00:00"},
		{"a leap year", `"years":1,"start":"2028-02-29"`,
			"2028-02-29T00:00:00 2032-02-29T00:00:00 2036-02-29T00:00:00"},
		{"weeks", `"weeks":2,"at":"08:30:15","start":"2026-01-05"`,
			"2026-01-05T08:30:15 2026-01-19T08:30:15 2026-02-02T08:30:15"},
		{"days keep the time of day", `"days":1,"at":"12:00","start":"2026-03-28"`,
			"2026-03-28T12:00:00 2026-03-29T12:00:00 2026-03-30T12:00:00"},
		{"months first, then days", `"months":1,"days":1,"start":"2026-01-30"`,
			"2026-01-30T00:00:00 2026-03-31T00:00:00 2026-06-01T00:00:00"},
		{"the time of day is the start's", `"months":6,"start":"2026-02-01T07:15"`,
			"2026-02-01T07:15:00 2026-08-01T07:15:00 2027-02-01T07:15:00"},
		{"an absolute start is a date in the zone", `"days":1,"start":"2026-02-01T23:30:00Z"`,
			"2026-02-02T00:30:00 2026-02-03T00:30:00 2026-02-04T00:30:00"},
		{"the years end with 2199", `"years":60,"start":"2100-03-01"`, "2100-03-01T00:00:00 2160-03-01T00:00:00"},
		{"the years end with 2199, in months and days", `"months":600,"days":1,"start":"2100-03-01"`,
			"2100-03-01T00:00:00 2150-03-02T00:00:00"},
		{"the years end with 2199, in days", `"days":40000,"start":"2080-03-01"`,
			"2080-03-01T00:00:00 2189-09-06T00:00:00"},
		{"no start: the anchor's day, when the time is still to come", `"days":3,"at":"23:00"`,
			"2026-01-01T23:00:00 2026-01-04T23:00:00 2026-01-07T23:00:00"},
		{"no start: not on the anchor's day when the time has passed", `"days":3,"at":"00:30"`,
			"2026-01-04T00:30:00 2026-01-07T00:30:00 2026-01-10T00:30:00"},
	} {
		trig := parse(t, `{"type":"calendar","timezone":"Europe/Stockholm",`+tc.fields+`}`).Anchored(at(t,
			"2026-01-01T00:00:00Z"))
		if got := strings.Join(localNexts(trig, time.Time{}, 3), " "); got != tc.want {
			t.Errorf("%s: %s fires at\n%s, want\n%s", tc.name, tc.fields, got, tc.want)
		}
	}
}

func TestCronRefuses(t *testing.T) {
	for expression, want := range map[string]string{
		"0 25 * * *":        "hour: 25 is outside 0-23, at character 3",
		"60 0 * * *":        "minute: 60 is outside 0-59, at character 1",
		"0 0 0 * *":         "day: 0 is outside 1-31, at character 5",
		"0 0 1,x * *":       `day: "x" is not a number; write 1-31, *, */2 or a list with commas, at character 7`,
		"0 0 * 13 *":        "month: 13 is outside 1-12, at character 7",
		"0 0 * * 8":         "day_of_week: 8 is outside 0-7, at character 9",
		"0 0 * * fry":       `day_of_week: "fry" is not a weekday (sun, mon, tue, wed, thu, fri, sat), at character 9`,
		"0 0 * * friday":    `day_of_week: "friday" is too long; write "fri", at character 9`,
		"0 0 * march *":     `month: "march" is too long; write "mar", at character 7`,
		"0 0 * * mon-fri/2": `day_of_week: "mon-fri/2" has a step on a name, which some schedulers ignore; write mon,wed,fri, at character 9`,
		"0 0 * jan-dec/3 *": `month: "jan-dec/3" has a step on a name, which some schedulers ignore; write jan,apr,jul,oct, at character 7`,
		"0 0 last-3 * *":    `day: "last-3" belongs to named fields; write L for the last day, L-3 for the third before it, at character 5`,
		"0 0 * * L":         `day_of_week: "L" is Saturday to some schedulers and the last weekday to others; write sat, or friL for the last Friday, at character 9`,
		"0 0 * * fri#6":     `day_of_week: "fri#6" is not one of a month's weekdays; write fri#1 to fri#5, at character 9`,
		"0 0 32W * *":       `day: "32W" is not the workday nearest to a date; write 1W to 31W, or LW, at character 5`,
		"0 0 L-31 * *":      `day: "L-31" is not a day before the last; write L-1 to L-30, at character 5`,
		"*/60 * * * *":      "minute: a step of 60 leaves only 0 of 0-59; write 0, at character 1",
		"0 */24 * * *":      "hour: a step of 24 leaves only 0 of 0-23; write 0, at character 3",
		"0 0 */31 * *":      "day: a step of 31 leaves only 1 of 1-31; write 1, at character 5",
		"0 0 * */12 *":      "month: a step of 12 leaves only 1 of 1-12; write 1, at character 7",
		"0 0 * * */7":       "day_of_week: a step of 7 leaves only 0 of 0-6; write 0, at character 9",
		"0 0 * * 5-7/3":     "day_of_week: a step of 3 leaves only 5 of 5-7; write 5, at character 9",
		"59/2 * * * *":      "minute: a step of 2 leaves only 59 of 59-59; write 59, at character 1",
		"59/1 5-5/1 * * *":  "",
		"0 0 * * -1":        "day_of_week: -1 is outside 0-7, at character 9",

		"*/0 * * * *": `minute: "0" is not a step; write a whole number from 1, such as */5, at character 1`,
		"? * * * *":   `minute: "?" is only for the day and the weekday; write "*", at character 1`,
		"0 0 1- * *":  `day: "1-" lacks a value beside the -; write 1-31, *, */2 or a list with commas, at character 5`,
		"0 0 1, * *": "day: a value is missing; write 1-31, *, */2 or a list with commas, " +
			"at character 7",
		"0 9 * *":                   `"0 9 * *" has 4 fields; write 5 (minute hour day month weekday), or 6 with seconds first`,
		"0 0 9 * * * 2026":          `"0 0 9 * * * 2026" has 7 fields; write 5, or 6 with seconds first, and a year in named fields`,
		"":                          `"" has 0 fields; write 5 (minute hour day month weekday), or 6 with seconds first`,
		"@every 1h\n":               `"@every 1h" is not known (@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually); for @every write an interval trigger, for @reboot a date trigger`,
		"TZ=Asia/Tokyo\t0 25 * * *": "hour: 25 is outside 0-23, at character 17",
		"@every 1h":                 `"@every 1h" is not known (@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually); for @every write an interval trigger, for @reboot a date trigger`,
		"TZ=Mars 0 0 * * *":         `"Mars" is not a time zone; write an IANA name such as Europe/Stockholm`,
		"TZ=UTC 0 25 * * *":         "hour: 25 is outside 0-23, at character 10",
		"0" + strings.Repeat(",0", 60) + " 0 * * *": "minute: its list has more than 60 items; write ranges or steps",
		strings.Repeat(" ", 1000) + "@daily":        "@daily has 1006 characters; write at most 1000",
		"0 0 30 2 *":                                "at 00:00 on day 30 of the month in February never happens",
		"0 0 31 4,6,9,11 *": "at 00:00 on day 31 of the month in April, June, September and " +
			"November never happens",
		"CRON_TZ=UTC @daily": "",
	} {
		_, err := Parse([]byte(fmt.Sprintf(`{"type":"cron","expression":%q}`, expression)))
		checkError(t, expression, err, want, "expression")
	}
	for fields, want := range map[string]string{
		`{"hour":25}`:           "hour: 25 is outside 0-23",
		`{"hour":-1}`:           "hour: -1 is outside 0-23",
		`{"day":"-fri"}`:        `day: "-fri" lacks a value beside the -; write 1-31, *, */2 or a list with commas`,
		`{"hour":1.5}`:          `hour: "1.5" is not a number; write 0-23, *, */2 or a list with commas`,
		`{"hour":true}`:         `hour: true is neither a number nor a text such as "*/2"`,
		`{"day_of_week":"fry"}`: `day_of_week: "fry" is not a weekday (mon, tue, wed, thu, fri, sat, sun)`,
		`{"day_of_week":"0,7"}`: "day_of_week: 7 is outside 0-6, where 0 is Monday and 6 Sunday; write sun, " +
			"at character 3",
		`{"day_of_week":8}`:        "day_of_week: 8 is outside 0-6",
		`{"day_of_week":"Monday"}`: `day_of_week: "Monday" is too long; write "mon"`,
		`{"day":"last-3"}`:         `day: "last-3" is not a day; write last, last fri, or in crontab text L-3`,
		`{"day":"1st"}`:            `day: "1st" needs one weekday; write 1st fri`,
		`{"day":"2nd 1"}`:          `day: "1" is a number; write the weekday by name (mon, tue, wed, thu, fri, sat, sun)`,
		`{"year":"2030-2029"}`:     `year: "2030-2029" runs backwards; write 2029-2030`,
		`{"year":"2030` + strings.Repeat(",2030", 60) +
			`"}`: "year: its list has more than 60 items; write ranges or steps",
		`{"day":"` + strings.Repeat("01,", 400) + `1"}`: "day: " + strings.Repeat("01,", 13) +
			"0… has 1201 characters; write at most 1000",
		`{"hours":1}`: "hours: a cron trigger has no such field (year, month, day, week, day_of_week, hour, " +
			"minute, second)",
	} {
		_, err := Parse([]byte(`{"type":"cron","fields":` + fields + `}`))
		checkError(t, fields, err, want, "fields.")
	}
}

// checkError compares an error's text after the field, which begins as given.
func checkError(t *testing.T, text string, err error, want, field string) {
	t.Helper()
	var got *Error
	switch {
	case want == "" && err == nil:
		return
	case !errors.As(err, &got):
		t.Errorf("%q is parsed with the error %v, want an *Error", text, err)
		return
	}
	message := strings.TrimPrefix(strings.TrimPrefix(got.Error(), field), ": ")
	if diff := cmp.Diff(want, message); diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}
