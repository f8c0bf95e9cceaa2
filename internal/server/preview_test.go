package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/server/servertest"
)

func TestPreviewShowsFiresWithoutStoring(t *testing.T) {
	t.Parallel()
	url := servertest.Serve(t, nil) + "/v1/triggers/preview"
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{
			"around the gap",
			`{"trigger":{"type":"cron","expression":"30 2 * * *","timezone":"Europe/Stockholm"},"from":"2026-03-28T12:00:00Z","count":2}`,
			http.StatusOK,
			`{"description":"at 02:30 every day, Europe/Stockholm","fires":[` +
				`{"utc":"2026-03-29T01:30:00Z","local":"2026-03-29T03:30:00+02:00","note":"shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30"},` +
				`{"utc":"2026-03-30T00:30:00Z","local":"2026-03-30T02:30:00+02:00"}],"exhausted":false}`,
		},
		{
			"from is inclusive, and the end is said",
			`{"trigger":{"type":"date","at":"2026-03-01T09:00:00Z"},"from":"2026-03-01T09:00:00Z"}`,
			http.StatusOK,
			`{"description":"once at 2026-03-01 09:00 UTC","fires":[{"utc":"2026-03-01T09:00:00Z","local":"2026-03-01T09:00:00Z"}],"exhausted":true}`,
		},
		{
			"from between two microseconds, of a date without at",
			`{"trigger":{"type":"date"},"from":"2026-03-01T09:00:00.0000005Z"}`,
			http.StatusOK,
			`{"description":"once, at once","fires":[{"utc":"2026-03-01T09:00:00.000001Z","local":"2026-03-01T09:00:00.000001Z"}],"exhausted":true}`,
		},
		{
			"a date before from",
			`{"trigger":{"type":"date","at":"2026-03-01T08:00:00Z"},"from":"2026-03-01T09:00:00Z"}`,
			http.StatusUnprocessableEntity,
			`{"title":"Unprocessable Entity","status":422,"detail":"the request is not valid; errors says what to change","errors":[` +
				`{"location":"body.trigger.at","message":"2026-03-01 08:00 UTC lies before 2026-03-01 09:00 UTC, from when on was asked; ask from an earlier time"}]}`,
		},
		{
			"a trigger that never fires from then on",
			`{"trigger":{"type":"interval","every":"1h","end":"2026-01-01"},"from":"2026-03-01T09:00:00Z"}`,
			http.StatusUnprocessableEntity,
			`{"title":"Unprocessable Entity","status":422,"detail":"the request is not valid; errors says what to change","errors":[` +
				`{"location":"body.trigger.end","message":"2026-01-01 23:59:59.999999 UTC lies before 2026-03-01 09:00 UTC, from when the trigger counts"}]}`,
		},
		{
			"everything wrong at once",
			`{"trigger":{"type":"cron","fields":{"hour":25}},"count":1001,"from":"1969-01-01T00:00:00Z"}`,
			http.StatusUnprocessableEntity,
			`{"title":"Unprocessable Entity","status":422,"detail":"the request is not valid; errors says what to change","errors":[` +
				`{"location":"body.count","message":"1001 is outside 1 to 1000"},` +
				`{"location":"body.from","message":"the year 1969 is outside 1970 to 2199"},` +
				`{"location":"body.trigger.fields.hour","message":"25 is outside 0-23"}]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := http.Post(url, "application/json", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if diff := cmp.Diff(tt.want, strings.TrimSpace(string(body))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}
