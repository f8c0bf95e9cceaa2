package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

func FuzzPlaceIsReadBack(f *testing.F) {
	const run = "1176e6c4-7a40-5c1e-9b51-6c1c6f2f1d10"
	for _, s := range []string{"", "~2", "2026-03-01T09:00:00Z", "waiting~2026-03-01T10:00:00.123456+01:00~" + run,
		"ended~2026-03-01T10:00:00Z~2026-03-01T09:00:00Z~" + run + "~2", "~", "now~1~2~3~4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, _, err := parsePlace(s)
		if err != nil || p.State == "" {
			return
		}
		again, _, err := parsePlace(placeText(p))
		if err != nil || placeText(again) != placeText(p) {
			t.Errorf("%q is %+v, written %q, read back %+v, %v", s, p, placeText(p), again, err)
		}
	})
}

func FuzzEveryBodyIsAJobOrAProblem(f *testing.F) {
	for _, s := range []string{
		`{"id": "123", "trigger": {"type": "date"}, "exec": {"command": ["sleep", "60"]}, "max_instances": 1}`,
		`{"id": "p", "trigger": {"type": "interval", "every": "30s", "timezone": "UTC"}, "http": {"url": "http://a", "headers": {"a": "b"}}}`,
		`null`, `[]`, `5`, `""`, `{}`, `{"trigger": []}`, `{"trigger": null, "exec": null}`,
		`{"exec": {"command": [null, 1, "\u0000"]}}`,
		`{"max_instances": 1e300}`, `{"max_instances": 1.5, "max_attempts": null}`, `{"labels": {"a": {"b": []}}}`,
		"{\"id\": \"\xff\"}",
	} {
		f.Add(s)
	}
	h := (&Server{Store: discard{}, Log: slog.New(slog.DiscardHandler)}).Handler()
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/v1/jobs", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		want := "application/problem+json"
		switch w.Code {
		case http.StatusCreated:
			want = "application/json"
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
		default:
			t.Errorf("%q is answered with %d %s", body, w.Code, w.Body)
		}
		if got := w.Header().Get("Content-Type"); got != want {
			t.Errorf("%q is answered with %d %s", body, w.Code, got)
		}
	})
}

// discard is a store that forgets.
type discard struct{ Store }

func (discard) Add(_ context.Context, d job.Definition, _ job.Author) (policy.Change, error) {
	return policy.Change{After: &job.Job{Definition: d}}, nil
}

func (discard) Job(context.Context, string) (job.Overview, error) {
	return job.Overview{}, job.ErrNotFound
}
