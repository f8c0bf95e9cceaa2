package trigger

import "testing"

func TestCronIsDescribed(t *testing.T) {
	for expression, want := range map[string]string{
		"0 9 * * mon-fri":        "at 09:00 on Monday to Friday, UTC",
		"@daily":                 "at 00:00 every day, UTC",
		"0 9,17 * * *":           "at 09:00 and 17:00 every day, UTC",
		"10 5 9 * * *":           "at 09:05:10 every day, UTC",
		"* * * * *":              "every minute, UTC",
		"* * * * * *":            "every second, UTC",
		"*/5 * * * *":            "every 5 minutes, UTC",
		"*/20 * * * * *":         "every 20 seconds, UTC",
		"0 * * * *":              "at minute 0 of every hour, UTC",
		"5,35 * * * *":           "at minutes 5 and 35 of every hour, UTC",
		"*/7 * * * *":            "at every 7th minute from 0 to 56 of every hour, UTC",
		"*/10 9-17 * * *":        "every 10 minutes in hours 9 to 17, UTC",
		"0 */2 * * *":            "at minute 0 in every 2nd hour from 0 to 22, UTC",
		"*/15 5 9 * * *":         "every 15 seconds in minute 5 in hour 9, UTC",
		"5 5 * * * *":            "at second 5 in minute 5 of every hour, UTC",
		"5 * * * * *":            "at second 5 of every minute of every hour, UTC",
		"0 0 13 * fri":           "at 00:00 on day 13 of the month or on Friday, UTC",
		"0 0 */2 * mon":          "at 00:00 on every 2nd day from 1 to 31 of the month if it is Monday, UTC",
		"0 0 1,15 jan-mar *":     "at 00:00 on days 1 and 15 of the month in January to March, UTC",
		"0 0 L * *":              "at 00:00 on the last day of the month, UTC",
		"0 0 L-3 * *":            "at 00:00 on the 3rd day before the last of the month, UTC",
		"15 10 15W * *":          "at 10:15 on the workday nearest to day 15 of the month, UTC",
		"0 0 LW * *":             "at 00:00 on the last workday of the month, UTC",
		"0 0 W * *":              "at 00:00 on every workday of the month, UTC",
		"0 0 * * fri#2,5L":       "at 00:00 on the 2nd Friday of the month and the last Friday of the month, UTC",
		"0 0 * * */2":            "at 00:00 on Sunday, Tuesday, Thursday and Saturday, UTC",
		"0 22-4 * * fri-mon":     "at minute 0 in hours 22 to 4 on Friday to Monday, UTC",
		"0 0 1,1-1,01 jan,1 0,7": "at 00:00 on day 1 of the month or on Sunday in January, UTC",
		"0 0 L,l,5W,05W * 2#1,2#1": "at 00:00 on the last day and the workday nearest to day 5 of the month or on " +
			"the 1st Tuesday of the month, UTC",
		"0 0 * 2 *":               "at 00:00 every day in February, UTC",
		"0 0 29 2 *":              "at 00:00 on day 29 of the month in February, UTC",
		"TZ=Asia/Tokyo 0 9 * * *": "at 09:00 every day, Asia/Tokyo",
	} {
		if got := crontab(t, expression).String(); got != want {
			t.Errorf("%q is described as %q, want %q", expression, got, want)
		}
	}
}
