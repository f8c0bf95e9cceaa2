package trigger

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// units are the units of a written duration, longest first. A day is 24 hours and a week 7 days of elapsed time.
var units = []struct {
	name string
	size time.Duration
}{
	{"w", 7 * 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
	{"ns", time.Nanosecond},
}

// FormatDuration writes d with the largest units that fit, whole numbers only, such as 1d12h or 500ms: the form that
// ParseDuration reads back to exactly d. Negative durations have a leading minus, which ParseDuration refuses.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	left := uint64(d)
	if d < 0 {
		b.WriteByte('-')
		left = -left
	}
	for _, u := range units {
		if n := left / uint64(u.size); n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			left -= n * uint64(u.size)
		}
	}
	return b.String()
}

// ParseDuration reads a duration such as 90s, 1h30m, 2d, 1w, 1.5h or 500ms: Go's notation with d (24 hours) and w
// (7 days), never negative. "0" needs no unit. The error names the text and what would be right.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if s == "" {
		return 0, fmt.Errorf("a duration is missing; write it like 90s, 1h30m or 2d")
	}
	var total time.Duration
	for rest := s; rest != ""; {
		part, tail, err := cutPart(rest)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration: %w", s, err)
		}
		if total += part; total < 0 {
			return 0, fmt.Errorf("%q is too long; a duration lasts at most 292 years", s)
		}
		rest = tail
	}
	return total, nil
}

// cutPart reads the first number and unit of s.
func cutPart(s string) (d time.Duration, rest string, err error) {
	number, rest := cutWhile(s, func(c byte) bool { return '0' <= c && c <= '9' || c == '.' })
	name, rest := cutWhile(rest, func(c byte) bool { return c != '.' && (c < '0' || c > '9') })
	if number == "" {
		return 0, "", fmt.Errorf("%q has no number before it; write it like 90s, 1h30m or 2d", name)
	}
	size, err := unitSize(number, name)
	if err != nil {
		return 0, "", err
	}
	d, err = multiply(number, size)
	return d, rest, err
}

func cutWhile(s string, in func(byte) bool) (head, tail string) {
	i := 0
	for i < len(s) && in(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func unitSize(number, name string) (time.Duration, error) {
	if name == "" {
		return 0, fmt.Errorf("%s has no unit; write w, d, h, m, s, ms, us or ns after it", number)
	}
	if name == "µs" || name == "μs" {
		name = "us"
	}
	for _, u := range units {
		if u.name == name {
			return u.size, nil
		}
	}
	return 0, fmt.Errorf("%q is not a unit (w, d, h, m, s, ms, us, ns)", name)
}

// multiply returns number times size; the fraction is cut to whole nanoseconds.
func multiply(number string, size time.Duration) (time.Duration, error) {
	whole, fraction, point := strings.Cut(number, ".")
	if point && (whole == "" || fraction == "" || strings.Contains(fraction, ".")) {
		return 0, fmt.Errorf("%q is not a number", number)
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(1<<63-1)/int64(size) {
		return 0, fmt.Errorf("%s is too large; a duration lasts at most 292 years", number)
	}
	d := time.Duration(n) * size
	for scale := size / 10; fraction != "" && scale > 0; scale /= 10 {
		d += time.Duration(fraction[0]-'0') * scale
		fraction = fraction[1:]
	}
	if d < 0 {
		return 0, fmt.Errorf("%s is too large; a duration lasts at most 292 years", number)
	}
	return d, nil
}
