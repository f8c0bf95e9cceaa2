package executor

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter is how long a receiver may ask to be left alone: longer waits are cut to it.
const longestRetryAfter = 24 * time.Hour

// retryAfter is how long an answer of 429 or 503 asks to be left alone before another attempt (RFC 9110, section
// 10.2.3, and RFC 6585, section 4): seconds, or a date, which is read by the clock that wrote the answer's Date. 0: it
// does not ask, or not in words that can be read.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	// then it is the largest
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil || errors.Is(err, strconv.ErrRange) {
		return min(time.Duration(seconds)*time.Second, longestRetryAfter)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return min(max(0, until.Sub(now)), longestRetryAfter)
}
