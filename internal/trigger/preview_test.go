package trigger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPreviewNotesDaylightSaving(t *testing.T) {
	const stockholm = `,"timezone":"Europe/Stockholm"`
	for _, tc := range []struct {
		name, trigger, from string
		want                []string
	}{
		{"from is inclusive", `{"type":"cron","expression":"0 9 * * *"}`, "2026-01-01T09:00:00Z",
			[]string{"01-01T09:00 ", "01-02T09:00 "}},
		{"shifted", `{"type":"cron","expression":"30 2 * * *"` + stockholm + `}`, "2026-03-29T00:00:00Z", []string{
			"03-29T03:30 shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30", "03-30T02:30 "}},
		{"at the edge", `{"type":"cron","expression":"30 2 * * *","dst_gap":"edge"` + stockholm + `}`,
			"2026-03-29T00:00:00Z", []string{
				"03-29T03:00 shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:00", "03-30T02:30 "}},
		{"skipped", `{"type":"cron","expression":"*/15 2 * * *","dst_gap":"skip"` + stockholm + `}`,
			"2026-03-29T00:00:00Z", []string{
				"03-30T02:00 skipped: 2026-03-29 02:00 does not exist, nor do 3 more", "03-30T02:15 "}},
		{"the first of two", `{"type":"calendar","days":1,"at":"02:30","start":"2026-01-01"` + stockholm + `}`,
			"2026-10-25T00:00:00Z", []string{
				"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, fires only the first time", "10-26T02:30 "}},
		{"the second of two", `{"type":"cron","expression":"30 2 * * *","dst_overlap":"second"` + stockholm + `}`,
			"2026-10-25T00:00:00Z", []string{
				"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, fires only the second time", "10-26T02:30 "}},
		{"both", `{"type":"any","of":[{"type":"cron","expression":"30 * * * *"},{"type":"interval","every":"30m"}]` +
			stockholm + `}`, "2026-10-25T00:30:00Z", []string{
			"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, fires twice, this is the first time", "10-25T02:00 "}},
		{"the second of both", `{"type":"cron","expression":"30 * * * *"` + stockholm + `}`, "2026-10-25T01:30:00Z",
			[]string{
				"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, fires twice, this is the second time",
				"10-25T03:30 "}},
		{"several times at the edge", `{"type":"cron","expression":"*/15 2 * * *","dst_gap":"edge"` + stockholm + `}`,
			"2026-03-29T00:00:00Z", []string{
				"03-29T03:00 shifted: 2026-03-29 02:00 does not exist, nor do 3 more, fires at 2026-03-29 03:00",
				"03-30T02:00 "}},
		{"a date in the gap", `{"type":"date","at":"2026-03-29T02:30:00"` + stockholm + `}`, "2026-03-29T00:00:00Z",
			[]string{
				"03-29T03:30 shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30", "exhausted"}},
		{"a date at the gap's edge, among others",
			`{"type":"any","of":[{"type":"date","at":"2026-03-29T02:30","dst_gap":"edge"},{"type":"date","at":"2026-03-29"}]` + stockholm + `}`,
			"2026-03-29T00:00:00Z",
			[]string{"03-29T03:00 shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:00", "exhausted"}},
		{"a date in the overlap", `{"type":"date","at":"2026-10-25T02:30"` + stockholm + `}`, "2026-10-25T00:00:00Z",
			[]string{
				"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, fires only the first time", "exhausted"}},
		{"a date in the overlap, second",
			`{"type":"date","at":"2026-10-25T02:30","dst_overlap":"second"` + stockholm + `}`, "2026-10-25T00:00:00Z",
			[]string{
				"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, fires only the second time", "exhausted"}},
		{"a date with its offset is exact", `{"type":"date","at":"2026-10-25T02:30:00+02:00"` + stockholm + `}`,
			"2026-10-25T00:00:00Z", []string{
				"10-25T02:30 ", "exhausted"}},
		{"an interval that starts in the gap",
			`{"type":"interval","every":"1d","start":"2026-03-29T02:30"` + stockholm + `}`, "2026-03-29T00:00:00Z",
			[]string{
				"03-29T03:30 shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30", "03-30T03:30 "}},
		{"an interval that starts in the overlap",
			`{"type":"interval","every":"1h","start":"2026-10-25T02:30"` + stockholm + `}`, "2026-10-25T00:00:00Z",
			[]string{
				"10-25T02:30 doubled: 2026-10-25 02:30 comes twice, starts the first time", "10-25T02:30 "}},
		{"a calendar that starts in the gap",
			`{"type":"calendar","days":1,"start":"2026-03-29T02:30"` + stockholm + `}`, "2026-03-29T00:00:00Z",
			[]string{
				"03-29T03:30 shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30", "03-30T02:30 "}},
		{"a calendar that would start in the gap",
			`{"type":"calendar","days":1,"start":"2026-03-29T02:30","dst_gap":"skip"` + stockholm + `}`,
			"2026-03-29T00:00:00Z", []string{
				"03-30T02:30 skipped: 2026-03-29 02:30 does not exist", "03-31T02:30 "}},
		{"all and except",
			`{"type":"except","of":[{"type":"all","of":[{"type":"cron","expression":"30 * * * *"},{"type":"cron","expression":"*/15 * * * *"}]},` +
				`{"type":"date"}]` + stockholm + `}`, "2026-10-25T01:30:00Z", []string{"10-25T03:30 ", "10-25T04:30 "}},
		{"a date at once, and no more", `{"type":"date"}`, "2026-01-01T00:00:00Z",
			[]string{"01-01T00:00 ", "exhausted"}},
		{"nothing among the first looks", impossible, "2026-01-01T00:00:00Z", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := parse(t, tc.trigger).Preview(t.Context(), at(t, tc.from), 2)
			var got []string
			for _, f := range p.Fires {
				if !f.At.Equal(f.Local) {
					t.Errorf("%s and %s are not one instant", f.At, f.Local)
				}
				got = append(got, f.Local.Format("01-02T15:04 ")+f.Note)
			}
			if p.Exhausted {
				got = append(got, "exhausted")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("preview (-want +got):\n%s", diff)
			}
		})
	}
}

// around writes what AroundDST says, without its account of the clocks.
func around(t *testing.T, trig *Trigger, from time.Time) (lines []string) {
	for _, tr := range trig.AroundDST(t.Context(), from) {
		_, what, _ := strings.Cut(tr.Text, ": ")
		lines = append(lines, what)
		for _, f := range tr.Fires {
			lines = append(lines, f.Local.Format("2006-01-02T15:04"))
		}
	}
	return lines
}

func TestAroundDSTTellsWhatIsNear(t *testing.T) {
	const skipped = "skipped: 2026-03-29 02:30 does not exist"
	for _, tc := range []struct {
		name, trigger string
		want          []string
	}{
		{"a yearly job is shown before and after", `{"type":"cron","expression":"0 0 1 6 *"}`, []string{
			"no fire is changed by it", "2025-06-01T00:00", "2026-06-01T00:00", "no fire is changed by it",
			"2026-06-01T00:00", "2027-06-01T00:00"}},
		{"skipped", `{"type":"cron","expression":"30 2 * 3 *","dst_gap":"skip"}`, []string{
			skipped, "2026-03-28T02:30", "2026-03-30T02:30", "no fire is changed by it", "2026-03-31T02:30",
			"2027-03-01T02:30"}},
		{"a date that has passed", `{"type":"date","at":"2026-01-01"}`, []string{
			"there is no fire then or later", "2026-01-01T00:00", "there is no fire then or later",
			"2026-01-01T00:00"}},
		{"members that do not agree", impossible, []string{"no fire is changed by it", "no fire is changed by it"}},
		{"the last fire before it ends",
			`{"type":"cron","expression":"0 2 * * *","start":"2026-03-29","end":"2026-03-29"}`, []string{
				"shifted: 2026-03-29 02:00 does not exist, fires at 2026-03-29 03:00", "2026-03-29T03:00",
				"there is no fire then or later", "2026-03-29T03:00"}},
	} {
		trig := parse(t, tc.trigger[:len(tc.trigger)-1]+`,"timezone":"Europe/Stockholm"}`)
		if diff := cmp.Diff(tc.want, around(t, trig, at(t, "2026-02-01T00:00:00Z"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	got := around(t, crontab(t, "* * * * *", `"timezone":"Europe/Stockholm"`), at(t, "2026-09-01T00:00:00Z"))
	want := []string{"2026-10-25T02:11", "2026-10-25T03:00"}
	if diff := cmp.Diff(want, got[13:15]); diff != "" ||
		!strings.HasSuffix(got[0], "and so on; 108 more fires until 2026-10-25 03:00 Europe/Stockholm are not listed") {
		t.Errorf("every minute (-want +got):\n%s%s", diff, got[0])
	}
}

func TestAroundDST(t *testing.T) {
	trig := parse(t, `{"type":"cron","expression":"30 2 * * *","timezone":"Europe/Stockholm"}`)
	var b strings.Builder
	for _, tr := range trig.AroundDST(t.Context(), at(t, "2026-01-01T00:00:00Z")) {
		fmt.Fprintln(&b, tr.At.Format("2006-01-02T15:04:05Z07:00"), tr.Text)
		for _, f := range tr.Fires {
			fmt.Fprintln(&b, f.Local.Format("2006-01-02T15:04Z07:00"))
		}
	}
	want := `2026-03-29T03:00:00+02:00 at 2026-03-29 02:00 the clocks of Europe/Stockholm go forward by 1h to 2026-03-29 03:00, the local times between do not exist: shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30
2026-03-28T02:30+01:00
2026-03-29T03:30+02:00
2026-03-30T02:30+02:00
2026-10-25T02:00:00+01:00 at 2026-10-25 03:00 the clocks of Europe/Stockholm go back by 1h to 2026-10-25 02:00, the local times between come twice: doubled: 2026-10-25 02:30 comes twice, fires only the first time
2026-10-24T02:30+02:00
2026-10-25T02:30+02:00
2026-10-26T02:30+01:00
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("around DST (-want +got):\n%s", diff)
	}
	often := crontab(t, "*/10 * * * *", `"timezone":"Europe/Stockholm"`).AroundDST(t.Context(), at(t, "2026-09-01T00:00:00Z"))
	if !strings.HasSuffix(often[0].Text,
		"2026-10-25 02:30 comes twice, fires twice, this is the first time; and so on") {
		t.Errorf("every ten minutes: %s", often[0].Text)
	}
	date := parse(t, `{"type":"date","at":"2026-03-29T02:30","timezone":"Europe/Stockholm"}`).AroundDST(t.Context(), at(t,
		"2026-01-01T00:00:00Z"))
	if !strings.HasSuffix(date[0].Text,
		"do not exist: shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30") {
		t.Errorf("a date: %s", date[0].Text)
	}
	if got := parse(t, `{"type":"date"}`).AroundDST(t.Context(), at(t, "2026-01-01T00:00:00Z")); got != nil {
		t.Errorf("UTC has the transitions %v", got)
	}
}
