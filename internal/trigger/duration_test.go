package trigger

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour,
		"1w": 168 * time.Hour, "500ms": 500 * time.Millisecond, "1.5h": 90 * time.Minute,
		"0.25s": 250 * time.Millisecond,
		"10us":  10 * time.Microsecond, "10µs": 10 * time.Microsecond, "7ns": 7, "1w2d3h": 219 * time.Hour,
	} {
		got, err := ParseDuration(s)
		if err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for s, want := range map[string]string{
		"":                            "missing",
		"30":                          "30 has no unit",
		"1 h":                         `" h" is not a unit (w, d, h, m, s, ms, us, ns)`,
		"-5s":                         `"-" has no number before it`,
		"3y":                          `"y" is not a unit`,
		"s":                           `"s" has no number before it`,
		"1.s":                         `"1." is not a number`,
		"1.2.3s":                      `"1.2.3" is not a number`,
		"400000d":                     "at most 292 years",
		"15250w15250w":                "at most 292 years",
		"99999999999999999999999999s": "at most 292 years",
	} {
		_, err := ParseDuration(s)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDuration(%q) gives the error %v; want %q in it", s, err, want)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "1m30s": 90 * time.Second, "1d12h": 36 * time.Hour, "2w": 336 * time.Hour,
		"500ms":   500 * time.Millisecond,
		"1s500ms": 1500 * time.Millisecond, "-1m": -time.Minute,
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestDurationIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Min(0).Draw(t, "d"))
		if got, err := ParseDuration(FormatDuration(d)); err != nil || got != d {
			t.Fatalf("%s is read as %d, %v; want %d", FormatDuration(d), got, err, d)
		}
	})
}
