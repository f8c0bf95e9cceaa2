package executor

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status      int
		value, date string
		want        time.Duration
	}{
		{503, "120", "", 2 * time.Minute},
		{429, " 7 ", "", 7 * time.Second},
		{503, "Sun, 01 Mar 2026 09:01:00 GMT", "", time.Minute},
		{503, "Sun, 01 Mar 2026 09:01:00 GMT", "Sun, 01 Mar 2026 09:00:50 GMT", 10 * time.Second},
		{503, "Sun, 01 Mar 2026 08:00:00 GMT", "", 0},
		{503, "4000000", "", 24 * time.Hour},
		{503, "9300000000", "", 24 * time.Hour},
		{503, "99999999999999999999", "", 24 * time.Hour},
		{503, "-5", "", 0},
		{503, "soon", "", 0},
		{503, "", "", 0},
		{500, "120", "", 0},
		{200, "120", "", 0},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{}}
		resp.Header.Set("Retry-After", c.value)
		resp.Header.Set("Date", c.date)
		if got := retryAfter(resp, now); got != c.want {
			t.Errorf("%d, Retry-After %q, Date %q: %s, want %s", c.status, c.value, c.date, got, c.want)
		}
	}
}
