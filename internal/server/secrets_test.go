package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/storetest"
)

const secretJob = `{"id": "s", "trigger": {"type": "interval", "every": "1m"},
	"http": {"url": "https://ada:hunter1@example.org/", "headers": {"Authorization": "Bearer hunter2"}},
	"on_failure": {"after": 3, "http": {"url": "https://example.org/?token=hunter3"}}}`

func storedSecrets(t *testing.T, conn *pgx.Conn) int {
	t.Helper()
	text := storetest.Query[string](t, conn, "SELECT payload::text || on_failure::text FROM pgdue.jobs WHERE id = 's'")
	return strings.Count(text, "hunter")
}

// A job can be read, changed and put back by somebody who sees none of its secrets, and keeps them.
func TestSecretsAreMaskedAndComeBack(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	seen := func(w *http.Response, body string) {
		t.Helper()
		if strings.Contains(body, "hunter") || w.StatusCode >= 300 {
			t.Errorf("%d %s", w.StatusCode, body)
		}
	}
	ask := func(method, path, body string) string {
		t.Helper()
		w := do(h, method, path, body)
		seen(w.Result(), w.Body.String())
		return w.Body.String()
	}
	ask("POST", "/v1/jobs", secretJob)
	ask("GET", "/v1/jobs", "")
	var read map[string]any
	if err := json.Unmarshal([]byte(ask("GET", "/v1/jobs/s", "")), &read); err != nil {
		t.Fatal(err)
	}
	definition := map[string]any{}
	for _, field := range []string{"trigger", "http", "on_failure"} {
		definition[field] = read[field]
	}
	put := func() string {
		t.Helper()
		text, err := json.Marshal(definition)
		if err != nil {
			t.Fatal(err)
		}
		return ask("PUT", "/v1/jobs/s", string(text))
	}
	if text := put(); !strings.Contains(text, `"revision":1,`) || storedSecrets(t, conn) != 3 {
		t.Errorf("put as it was read it is %s", text)
	}
	definition["max_instances"] = 2
	if text := put(); !strings.Contains(text, `"max_instances":2,`) || storedSecrets(t, conn) != 3 {
		t.Errorf("put with another limit it is %s", text)
	}
	ask("PATCH", "/v1/jobs/s", `{"http": {"headers": {"Authorization": "*****", "Accept": "*/*"}}}`)
	if storedSecrets(t, conn) != 3 {
		t.Error("a patch lost secrets")
	}
	ask("PATCH", "/v1/jobs/s", `{"http": {"headers": {"Authorization": "Bearer hunter4"}}}`)
	ask("POST", "/v1/jobs/s/pause", "")
	ask("POST", "/v1/jobs/s/resume", "")
	ask("POST", "/v1/jobs/s/runs", "")
	ask("POST", "/v1/jobs/s/cancel", "")
	ask("DELETE", "/v1/jobs/s", "")
	page := decode[client.EventPage](t, do(h, "GET", "/v1/jobs/s/events", ""), "application/json")
	ask("GET", "/v1/jobs/s/events", "")
	rotated := 0
	for _, e := range page.Items {
		if e.After["secrets"] == "changed" {
			rotated++
		}
	}
	if rotated != 1 {
		t.Errorf("%d events tell of another secret: %+v", rotated, page.Items)
	}
	if n := storetest.Query[int](t, conn, `SELECT count(*) FROM pgdue.job_events WHERE before::text LIKE '%hunter%'
		OR after::text LIKE '%hunter%' OR NOT coalesce(before, after)::text LIKE '%*****%'`); n != 0 || len(page.Items) < 8 {
		t.Errorf("%d of %d events keep secrets, or no masks", n, len(page.Items))
	}
}

func TestMaskThatStandsForNoSecretIsRefused(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	masked := strings.NewReplacer("hunter1", "*****", "Bearer hunter2", "*****", "hunter3", "*****").Replace(secretJob)
	refused := func(method, path, body string, fields ...string) {
		t.Helper()
		w := do(h, method, path, body)
		got := decode[client.Problem](t, w, "application/problem+json")
		var at []string
		for _, e := range got.Errors {
			at = append(at, strings.TrimPrefix(e.Location, "body."))
			if !strings.Contains(e.Message, "write the secret itself") {
				t.Errorf("%s: %s", e.Location, e.Message)
			}
		}
		if w.Code != http.StatusUnprocessableEntity || strings.Join(at, " ") != strings.Join(fields, " ") {
			t.Errorf("%s %s: %d, fields %q", method, path, w.Code, at)
		}
	}
	refused("POST", "/v1/jobs", masked, "http.headers.Authorization", "http.url", "on_failure.http.url")
	refused("PUT", "/v1/jobs/s", masked, "http.headers.Authorization", "http.url", "on_failure.http.url")
	do(h, "POST", "/v1/jobs", secretJob)
	refused("PUT", "/v1/jobs/s", strings.Replace(masked, "example.org/\"", "example.net/\"", 1), "http.url")
	refused("PATCH", "/v1/jobs/s", `{"http": {"url": "https://ada:*****@example.net/"}}`, "http.url")
	if storedSecrets(t, conn) != 3 {
		t.Error("secrets are lost")
	}
}
