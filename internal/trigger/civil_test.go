package trigger

import (
	"testing"
	"time"
)

func TestCalendarArithmeticAgreesWithTheStandardLibrary(t *testing.T) {
	for d := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2200; d = d.AddDate(0, 0, 1) {
		day, month := int(d.Unix()/86400), 12*d.Year()+int(d.Month())-1
		_, week := d.ISOWeek()
		gotMonth, gotDay := dateOf(day)
		switch {
		case dayOf(month, d.Day()) != day, gotMonth != month, gotDay != d.Day():
			t.Fatalf("%s is day %d, and that is day %d of month %d", d, dayOf(month, d.Day()), gotDay, gotMonth)
		case monthLength(month) != time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day():
			t.Fatalf("the month of %s has %d days", d, monthLength(month))
		case weekdayOf(day) != (int(d.Weekday())+6)%7, isoWeek(day) != week:
			t.Fatalf("%s is weekday %d of week %d", d, weekdayOf(day), isoWeek(day))
		}
	}
}
