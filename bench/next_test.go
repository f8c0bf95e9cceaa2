package bench

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/adhocore/gronx"
	"github.com/pgdue/pgdue/internal/trigger"
	"github.com/robfig/cron/v3"
)

var expressions = []string{"* * * * *", "*/5 * * * *", "0 9 * * mon-fri", "30 4 1,15 * *", "0 0 29 2 *", "0 0 29 2 sun"}

// after is just behind a leap day, where the next one is far.
var after = time.Date(2028, 2, 29, 12, 34, 56, 0, time.UTC)

func BenchmarkNext(b *testing.B) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		b.Fatal(err)
	}
	for _, expression := range expressions {
		b.Run(expression+"/pgdue", func(b *testing.B) { benchPgdue(b, expression) })
		b.Run(expression+"/robfig", func(b *testing.B) { benchRobfig(b, expression, after.In(stockholm)) })
		b.Run(expression+"/gronx", func(b *testing.B) { benchGronx(b, expression, after.In(stockholm)) })
	}
}

func benchPgdue(b *testing.B, expression string) {
	text, err := json.Marshal(map[string]string{"type": "cron", "expression": expression,
		"timezone": "Europe/Stockholm"})
	if err != nil {
		b.Fatal(err)
	}
	benchTrigger(b, string(text), after)
}

func benchTrigger(b *testing.B, text string, after time.Time) {
	t, err := trigger.Parse([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if at, _ := t.Next(after); at.IsZero() {
			b.Fatal("no next fire")
		}
	}
}

func benchRobfig(b *testing.B, expression string, after time.Time) {
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if schedule.Next(after).IsZero() {
			b.Fatal("robfig/cron gives up after five years")
		}
	}
}

func benchGronx(b *testing.B, expression string, after time.Time) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gronx.NextTickAfter(expression, after, false); err != nil {
			b.Fatal(err)
		}
	}
}

// The longest search there is for 29 February on a Sunday: 2100 is not a leap year, so after 2088 the next is in 2128.
func BenchmarkNextFortyYearsOn(b *testing.B) {
	benchTrigger(b, `{"type":"cron","fields":{"month":2,"day":29,"day_of_week":"sun"},"timezone":"Europe/Stockholm"}`,
		time.Date(2088, 2, 29, 12, 0, 0, 0, time.UTC))
}

// Forms that the others do not have.
func BenchmarkNextOfForms(b *testing.B) {
	for name, text := range map[string]string{
		"29 February on a Sunday": `{"type":"cron","fields":{"month":2,"day":29,"day_of_week":"sun"},"timezone":"Europe/Stockholm"}`,
		"ISO week 53":             `{"type":"cron","fields":{"week":53,"day_of_week":"fri"},"timezone":"Europe/Stockholm"}`,
		"last Friday":             `{"type":"cron","fields":{"day":"last fri","hour":9},"timezone":"Europe/Stockholm"}`,
		"interval":                `{"type":"interval","every":"90s","start":"2026-01-01"}`,
		"calendar":                `{"type":"calendar","months":1,"at":"09:00","start":"2026-01-31","timezone":"Europe/Stockholm"}`,
		"calendar, mixed":         `{"type":"calendar","months":1,"days":1,"at":"09:00","start":"1970-01-31","timezone":"Europe/Stockholm"}`,
		"except": `{"type":"except","timezone":"Europe/Stockholm","of":[{"type":"cron","expression":"0 9 * * mon-fri"},` +
			`{"type":"cron","expression":"0 9 24,25,26 12 *"}]}`,
	} {
		b.Run(name, func(b *testing.B) { benchTrigger(b, text, after) })
	}
}

func BenchmarkCountAndLast(b *testing.B) {
	t, err := trigger.Parse([]byte(`{"type":"cron","expression":"*/5 * * * *","timezone":"Europe/Stockholm"}`))
	if err != nil {
		b.Fatal(err)
	}
	until := after.AddDate(10, 0, 0)
	b.Run("Count of ten years", func(b *testing.B) {
		for b.Loop() {
			t.Count(after, until)
		}
	})
	b.Run("Last of ten years", func(b *testing.B) {
		for b.Loop() {
			t.Last(after, until)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(`{"type":"cron","expression":"0 9 * * mon-fri","timezone":"Europe/Stockholm"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := trigger.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
