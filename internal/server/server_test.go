package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/server"
	"github.com/pgdue/pgdue/internal/server/servertest"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/trigger"
	"github.com/pgdue/pgdue/internal/why"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// newServer returns a loopback server over an empty store, a connection to its database, and what the server logs.
func newServer(t *testing.T) (*server.Server, *pgx.Conn, *bytes.Buffer) {
	t.Helper()
	store, conn := servertest.Open(t)
	s, log := serverOver(store)
	return s, conn, log
}

// serverOver is newServer over a store of the test's own; nil is one that must not be asked.
func serverOver(store server.Store) (*server.Server, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return &server.Server{
		Store:    store,
		Log:      slog.New(slog.NewTextHandler(log, nil)),
		Version:  "v1.2.3",
		Loopback: true,
	}, log
}

// do sends a request as the client does: to a loopback host, with JSON as the body's type.
func do(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decode reads an answer's body and requires its content type.
func decode[T any](t *testing.T, w *httptest.ResponseRecorder, contentType string) (v T) {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != contentType {
		t.Errorf("Content-Type is %q, want %q", got, contentType)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("answer %d is not JSON: %v\n%s", w.Code, err, w.Body)
	}
	return v
}

const sleepJob = `{"id": "123", "trigger": {"type": "date"}, "exec": {"command": ["sleep", "60"]}}`

func TestRefusedRequestsSayWhatToDo(t *testing.T) {
	t.Parallel()
	const (
		invalid  = "the request is not valid; errors says what to change"
		foreign  = "this API takes no requests from web pages of other origins"
		unknown  = "is not a known field"
		pingHTTP = `"http": {"url": "https://example.org/ping"}`
	)
	tests := []struct {
		name, method, target, body string
		headers                    []string
		want                       client.Problem
	}{
		{name: "taken id", method: "POST", target: "/v1/jobs", body: sleepJob,
			want: client.Problem{Type: client.TypeExists, Status: 409, Title: "Conflict",
				Detail: `the id "123" is taken by a job that is not finished; ` +
					"replace that job with PUT /v1/jobs/123 (`scheduler add 123 --replace …`), or choose another id"}},
		{name: "run of no job", method: "POST", target: "/v1/jobs/nosuch/runs",
			want: client.Problem{Status: 404, Title: "Not Found", Detail: `there is no job "nosuch"`}},
		{name: "form without a body", method: "POST", target: "/v1/jobs/123/runs",
			headers: []string{"Content-Type", "text/plain"},
			want: client.Problem{Status: 415, Title: "Unsupported Media Type",
				Detail: `Content-Type is "text/plain"; send the body as application/json`}},
		{name: "malformed JSON", method: "POST", target: "/v1/jobs", body: `{"id": `,
			want: client.Problem{Status: 400, Title: "Bad Request", Detail: "the body cannot be read as JSON",
				Errors: []client.FieldProblem{
					{Location: "body", Message: "unexpected end of JSON input"}}}},
		{name: "number out of range", method: "POST", target: "/v1/jobs",
			body: strings.Replace(sleepJob, "{", `{"max_instances": 1e30, `, 1),
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "body", Message: "max_instances: 1e30 is too large, or not written as a whole " +
						"number in digits"}}}},
		{name: "no body", method: "POST", target: "/v1/jobs", headers: []string{"Content-Type", "application/json"},
			want: client.Problem{Status: 400, Title: "Bad Request", Detail: "request body is required"}},
		{name: "too long", method: "POST", target: "/v1/jobs", body: `"` + strings.Repeat("x", 1<<20) + `"`,
			want: client.Problem{Status: 413, Title: "Request Entity Too Large",
				Detail: "the body is longer than 1048576 bytes (1 MiB)"}},
		{name: "form", method: "POST", target: "/v1/jobs", body: sleepJob,
			headers: []string{"Content-Type", "text/plain"},
			want: client.Problem{Status: 415, Title: "Unsupported Media Type",
				Detail: `Content-Type is "text/plain"; send the body as application/json`}},
		{name: "no content type", method: "PUT", target: "/v1/jobs/123", body: sleepJob,
			headers: []string{"Content-Type", ""},
			want: client.Problem{Status: 415, Title: "Unsupported Media Type",
				Detail: `Content-Type is ""; send the body as application/json`}},
		{name: "everything wrong at once", method: "POST", target: "/v1/jobs",
			body: `{"id": "a b", "trigger": {"type": "date"}, "exec": {"command": []}, ` + pingHTTP + `, "max_instances": 0,
				"overlap": "queue", "labels": {" ": "x", "-": "x"}}`,
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "body.http", Message: "stands beside exec; a job has exactly one of exec, http"},
					{Location: "body.id", Message: `"a b" is not 1 to 200 characters of A-Z a-z 0-9 . _ : @ -`},
					{Location: "body.labels.-",
						Message: `"-" is not 1 to 63 characters of A-Z a-z 0-9 . _ / - that begin with a letter or digit`},
					{Location: `body.labels[" "]`,
						Message: `" " is not 1 to 63 characters of A-Z a-z 0-9 . _ / - that begin with a letter or digit`},
					{Location: "body.max_instances",
						Message: "0 is outside 1 to 1000000; 1 means that runs never overlap"},
					{Location: "body.overlap", Message: `"queue" is not one of "skip", "wait", "replace"`},
				}}},
		{name: "schema and domain at once", method: "POST", target: "/v1/jobs",
			body: `{"id": "a", "max_instance": 2, "max_attempts": "two", ` + pingHTTP + `}`,
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "body.max_attempts", Message: "expected integer", Value: "two"},
					{Location: "body.max_instance", Message: unknown},
					{Location: "body.trigger",
						Message: `is missing; say when the job fires, as in {"type": "interval", "every": "30s"}`},
				}}},
		{name: "unknown field inside", method: "PUT", target: "/v1/jobs/a",
			body: `{"trigger": {"type": "interval", "every": "5s", "cron": "* * * * *"}, "exec": {"cmd": [], "command": ["true"]}}`,
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "body.exec.cmd", Message: unknown}, {Location: "body.trigger.cron", Message: unknown},
				}}},
		{name: "field in another case", method: "PUT", target: "/v1/jobs/a",
			body: `{"trigger": {"type": "date"}, "Timeout": "1s", ` + pingHTTP + `}`,
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "body.Timeout", Message: unknown}}}},
		{name: "two ids", method: "PUT", target: "/v1/jobs/a", body: sleepJob,
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "body.id", Message: `"123" is not the id in the path, "a"; leave it out of the body`}}}},
		{name: "bad id in path", method: "PUT", target: "/v1/jobs/a%20b",
			body: `{"trigger": {"type": "date"}, ` + pingHTTP + `}`,
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "path.id", Message: `"a b" is not 1 to 200 characters of A-Z a-z 0-9 . _ : @ -`}}}},
		{name: "job not found", method: "GET", target: "/v1/jobs/nosuch",
			want: client.Problem{Status: 404, Title: "Not Found", Detail: `there is no job "nosuch"`}},
		{name: "removed job not found", method: "DELETE", target: "/v1/jobs/nosuch",
			want: client.Problem{Status: 404, Title: "Not Found", Detail: `there is no job "nosuch"`}},
		{name: "run not found", method: "GET", target: "/v1/jobs/123/runs/6f1cf1a2-6c3b-5f0e-9a57-0e3c1f0a7d11",
			want: client.Problem{Status: 404, Title: "Not Found",
				Detail: `job "123" has no run 6f1cf1a2-6c3b-5f0e-9a57-0e3c1f0a7d11; ` +
					"GET /v1/runs?job_id=123 lists its runs"}},
		{name: "run id", method: "GET", target: "/v1/jobs/123/runs/7",
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "path.run_id", Message: "is not the id of a run, which is a UUID as `scheduler " +
						"runs JOB` shows it", Value: "7"}}}},
		{name: "query", method: "GET", target: "/v1/runs?before=yesterday&limit=0",
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "query.before",
						Message: `"yesterday" is neither a time like 2026-03-01T09:00:00Z nor the next of a page`},
					{Location: "query.job_id", Message: "required query parameter is missing"},
					{Location: "query.limit", Message: "expected number >= 1", Value: 0.0}}}},
		{name: "unknown query parameter", method: "GET", target: "/v1/jobs?state=active",
			want: client.Problem{Status: 422, Title: "Unprocessable Entity", Detail: invalid,
				Errors: []client.FieldProblem{
					{Location: "query.state", Message: unknown}}}},
		{name: "unknown path", method: "GET", target: "/v2/jobs",
			want: client.Problem{Status: 404, Title: "Not Found",
				Detail: "there is nothing at /v2/jobs; /openapi.json lists what there is"}},
		{name: "method", method: "POST", target: "/v1/jobs/a", body: sleepJob,
			want: client.Problem{Status: 405, Title: "Method Not Allowed",
				Detail: "/v1/jobs/a takes DELETE, GET, HEAD, PATCH, PUT, not POST"}},
		{name: "patch of another type", method: "PATCH", target: "/v1/jobs/123", body: `{"max_instances": 2}`,
			headers: []string{"Content-Type", "application/json-patch+json"},
			want: client.Problem{Status: 415, Title: "Unsupported Media Type",
				Detail: `Content-Type is "application/json-patch+json"; send the body as application/merge-patch+json`}},
		{name: "merge patch where none is taken", method: "PUT", target: "/v1/jobs/123", body: sleepJob,
			headers: []string{"Content-Type", "application/merge-patch+json"},
			want: client.Problem{Status: 415, Title: "Unsupported Media Type",
				Detail: `Content-Type is "application/merge-patch+json"; send the body as application/json`}},
		{name: "page of another origin", method: "DELETE", target: "/v1/jobs/123",
			headers: []string{"Sec-Fetch-Site", "cross-site"},
			want:    client.Problem{Status: 403, Title: "Forbidden", Detail: foreign}},
		{name: "old browser, other origin", method: "DELETE", target: "/v1/jobs/123",
			headers: []string{"Origin", "https://evil.example"},
			want:    client.Problem{Status: 403, Title: "Forbidden", Detail: foreign}},
		{name: "rebound name", method: "GET", target: "/v1/jobs", headers: []string{"Host", "evil.example:8080"},
			want: client.Problem{Status: 421, Title: "Misdirected Request",
				Detail: "this server listens on a loopback address and " +
					`does not answer for the host "evil.example:8080"; use localhost or 127.0.0.1`}},
	}
	s, conn, log := newServer(t)
	h := s.Handler()
	if w := do(h, "POST", "/v1/jobs", sleepJob); w.Code != http.StatusCreated {
		t.Fatalf("add: %d %s", w.Code, w.Body)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := do(h, tt.method, tt.target, tt.body, tt.headers...)
			got := decode[client.Problem](t, w, "application/problem+json")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
			if w.Code != tt.want.Status {
				t.Errorf("status is %d, want %d", w.Code, tt.want.Status)
			}
		})
	}
	if jobs := storetest.Query[string](t, conn, "SELECT string_agg(id, ' ') FROM pgdue.jobs"); jobs != "123" {
		t.Errorf("refused requests changed the jobs: %s", jobs)
	}
	if log.Len() > 0 {
		t.Errorf("the user's mistakes were logged:\n%s", log)
	}
}

// Each is answered within a fraction of a second: no cost may grow with the square of the body.
func TestCostlyBodiesAreRefused(t *testing.T) {
	s, log := serverOver(nil)
	h := s.Handler()
	manyKeys := func() string {
		var b strings.Builder
		for i := range 50_000 {
			fmt.Fprintf(&b, `"k%05d": 1,`, i)
		}
		return b.String()
	}()
	for name, body := range map[string]string{
		"long name": `{"` + strings.Repeat("a.", 500_000) + `": 1}`,
		"deep paths": `{"trigger": ` + strings.Repeat(`{"of": [`, 9000) + `{` + manyKeys + `"a": 1}` +
			strings.Repeat("]}", 9000) + `}`,
		"many names": `{"exec": {"command": ["true"], "env": {` + manyKeys + `"a": 1}}}`,
	} {
		begin := time.Now()
		w := do(h, "POST", "/v1/jobs", body)
		if got := decode[client.Problem](t, w, "application/problem+json"); got.Status != 422 && got.Status != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if took := time.Since(begin); took > 5*time.Second || w.Body.Len() > 64<<10 {
			t.Errorf("%s: answered after %s with %d bytes", name, took, w.Body.Len())
		}
	}
	if log.Len() > 0 {
		t.Errorf("the user's mistakes were logged:\n%s", log)
	}
}

func TestManyErrorsAreCutShort(t *testing.T) {
	s, _ := serverOver(nil)
	var body strings.Builder
	body.WriteString(`{"id": "a", "trigger": {"type": "date"}, "exec": {"command": ["true"]}`)
	for i := range 60_000 {
		fmt.Fprintf(&body, `, "k%05d": 1`, i)
	}
	w := do(s.Handler(), "POST", "/v1/jobs", body.String()+"}")
	got := decode[client.Problem](t, w, "application/problem+json")
	if want := "the request is not valid; errors says what to change; 59950 more are left out"; got.Detail != want ||
		w.Code != 422 {
		t.Errorf("%d %q, want 422 %q", w.Code, got.Detail, want)
	}
	if len(got.Errors) != 50 || got.Errors[0].Location != "body.k00000" || got.Errors[49].Location != "body.k00049" {
		t.Errorf("errors are %v, want the first 50", got.Errors)
	}
}

func TestTriggerErrorsNameTheFieldInTheJob(t *testing.T) {
	s, _ := serverOver(nil)
	h := s.Handler()
	tests := map[string]string{
		`{"type": "date", "at": "2026-03-01T09:00:00", "timezone": "Mars/Olympus"}`: "body.trigger.timezone",
		`{"type": "interval", "every": "-5s"}`:                                      "body.trigger.every",
		`{"type": "moon"}`:                                                          "body.trigger.type",
	}
	for trigger, location := range tests {
		w := do(h, "POST", "/v1/jobs",
			`{"id": "a", "trigger": `+trigger+`, "exec": {"command": ["true"]}, "timeout": "soon"}`)
		var got []string
		for _, e := range decode[client.Problem](t, w, "application/problem+json").Errors {
			got = append(got, e.Location)
		}
		if diff := cmp.Diff([]string{"body.timeout", location}, got); diff != "" {
			t.Errorf("%s: locations (-want +got):\n%s", trigger, diff)
		}
	}
}

func TestHostOfLoopbackServer(t *testing.T) {
	s, _ := serverOver(nil)
	for _, loopback := range []bool{true, false} {
		s.Loopback = loopback
		h := s.Handler()
		for _, host := range []string{"localhost", "LOCALHOST:1", "127.0.0.1", "127.8.8.8:80", "[::1]:8080", "[::1]"} {
			if w := do(h, "GET", "/livez", "", "Host", host); w.Code != http.StatusOK {
				t.Errorf("loopback %v, host %q: %d, want 200", loopback, host, w.Code)
			}
		}
		want := map[bool]int{true: http.StatusMisdirectedRequest, false: http.StatusOK}[loopback]
		for _, host := range []string{"localhost.evil.example", "10.0.0.1:8080", "evil.example", "127.0.0.1.nip.io",
			":8080"} {
			if w := do(h, "GET", "/livez", "", "Host", host); w.Code != want {
				t.Errorf("loopback %v, host %q: %d, want %d", loopback, host, w.Code, want)
			}
		}
	}
}

func TestBodyOfExactlyOneMiBIsRead(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	body := sleepJob + strings.Repeat(" ", 1<<20-len(sleepJob))
	if w := do(s.Handler(), "POST", "/v1/jobs", body); w.Code != http.StatusCreated {
		t.Errorf("1 MiB: %d %s", w.Code, w.Body)
	}
}

// brokenStore is a database in trouble.
type brokenStore struct {
	server.Store
	err error
}

func (s brokenStore) Add(context.Context, job.Definition, job.Author) (c policy.Change, err error) {
	if s.err == nil {
		panic("the store is broken")
	}
	return c, s.err
}

func TestDatabaseTroubleIsLoggedOnceAndNotTold(t *testing.T) {
	s, log := serverOver(brokenStore{err: errors.New("dial tcp 10.1.2.3:5432: connection refused (password hunter2)")})
	w := do(s.Handler(), "POST", "/v1/jobs", sleepJob)
	want := client.Problem{Status: 503, Title: "Service Unavailable",
		Detail: "the database did not answer: add job 123; see the server's log"}
	if diff := cmp.Diff(want, decode[client.Problem](t, w, "application/problem+json")); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 ||
		!strings.Contains(log.String(), "connection refused") {
		t.Errorf("want one error line with the cause:\n%s", log)
	}
}

func TestErrorsOfTheStoreSayWhetherToTryAgain(t *testing.T) {
	for err, want := range map[error]client.Problem{
		job.ErrReadOnly: {Status: 503, Title: "Service Unavailable", Detail: job.ErrReadOnly.Error()},
		job.ErrLocked:   {Status: 503, Title: "Service Unavailable", Detail: job.ErrLocked.Error()},
		job.ErrCommitUnknown: {Status: 503, Title: "Service Unavailable",
			Detail: "it is not known whether the change was made: look at the job before trying again"},
		job.ErrRejected: {Status: 500, Title: "Internal Server Error",
			Detail: "the database refused the row, and would refuse it again: see the server's log"},
	} {
		s, log := serverOver(brokenStore{err: fmt.Errorf("%w: secret of the database", err)})
		w := do(s.Handler(), "POST", "/v1/jobs", sleepJob)
		if diff := cmp.Diff(want, decode[client.Problem](t, w, "application/problem+json")); diff != "" {
			t.Errorf("problem of %v (-want +got):\n%s", err, diff)
		}
		wantAfter := map[bool]string{true: "5"}[err == job.ErrLocked]
		if got := w.Header().Get("Retry-After"); got != wantAfter {
			t.Errorf("Retry-After of %v is %q, want %q", err, got, wantAfter)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 ||
			!strings.Contains(log.String(), "secret of the database") {
			t.Errorf("want one error line with the cause of %v:\n%s", err, log)
		}
	}
}

// onlyIDs is a database that takes only ids that a job may have, as text without NUL is all that PostgreSQL takes.
type onlyIDs struct {
	server.Store
	*testing.T
}

func (o onlyIDs) check(id string) error {
	if id != "" && !job.ValidID(id) {
		o.Errorf("the store is asked for the id %q", id)
	}
	return job.ErrNotFound
}

func (o onlyIDs) Add(_ context.Context, d job.Definition, _ job.Author) (c policy.Change, err error) {
	return c, o.check(d.ID)
}
func (o onlyIDs) Put(_ context.Context, d job.Definition, _ job.Author) (c policy.Change, err error) {
	return c, o.check(d.ID)
}
func (o onlyIDs) Job(_ context.Context, id string) (v job.Overview, err error) {
	return v, o.check(id)
}
func (o onlyIDs) Jobs(_ context.Context, after string, _ int) ([]job.Overview, error) {
	return nil, o.check(after)
}
func (o onlyIDs) Remove(_ context.Context, id string, _ job.Author) (c policy.Change, err error) {
	return c, o.check(id)
}
func (o onlyIDs) Pause(_ context.Context, id string, _ job.Author) (c policy.Change, err error) {
	return c, o.check(id)
}

func (o onlyIDs) Resume(_ context.Context, id string, _ bool, _ job.Author) (c policy.Change, err error) {
	return c, o.check(id)
}

func (o onlyIDs) Modify(
	_ context.Context, id string, _ int64, _ job.Definition, _ job.Author,
) (c policy.Change, err error) {
	return c, o.check(id)
}

func (o onlyIDs) SkipNext(_ context.Context, id string, _ job.Author) (c policy.Change, err error) {
	return c, o.check(id)
}

func (o onlyIDs) Reschedule(
	_ context.Context, id string, _ *trigger.Trigger, _ job.Author,
) (c policy.Change, err error) {
	return c, o.check(id)
}

func (o onlyIDs) MoveNext(_ context.Context, id string, _ time.Time, _ job.Author) (c policy.Change, err error) {
	return c, o.check(id)
}

func (o onlyIDs) Events(_ context.Context, f job.EventFilter) ([]job.Event, bool, error) {
	return nil, false, o.check(f.JobID)
}

func (o onlyIDs) RunNow(_ context.Context, id, _ string, _ job.Author) (c policy.Change, err error) {
	return c, o.check(id)
}
func (o onlyIDs) Cancel(_ context.Context, id string, _ uuid.UUID, _ job.Author) (c job.Cancellation, err error) {
	return c, o.check(id)
}

func (o onlyIDs) CancelAll(_ context.Context, id string, _ job.Author) (c job.Cancellation, err error) {
	return c, o.check(id)
}

func (o onlyIDs) Runs(_ context.Context, f job.RunFilter) ([]job.RunView, error) {
	return nil, o.check(f.JobID)
}
func (o onlyIDs) Run(_ context.Context, id string, _ uuid.UUID) ([]job.RunView, error) {
	return nil, o.check(id)
}
func (o onlyIDs) Why(_ context.Context, id string, _ time.Time) (f why.Facts, err error) {
	return f, o.check(id)
}

func (o onlyIDs) Alerts(_ context.Context, f job.AlertFilter) ([]job.Alert, error) {
	return nil, o.check(f.JobID)
}

func TestStoreIsNotAskedForImpossibleIDs(t *testing.T) {
	s, log := serverOver(onlyIDs{T: t})
	h := s.Handler()
	const run = "/runs/6f1cf1a2-6c3b-5f0e-9a57-0e3c1f0a7d11"
	for _, id := range []string{"%00", "a%00", "%ff", "a%20b", "a%2Fb", "%C3%A9", strings.Repeat("a", 201)} {
		for request, want := range map[string]int{
			"GET /v1/jobs/" + id:                    404,
			"DELETE /v1/jobs/" + id:                 404,
			"POST /v1/jobs/" + id + "/runs":         404,
			"POST /v1/jobs/" + id + "/skip-next":    404,
			"GET /v1/jobs/" + id + "/events":        404,
			"PATCH /v1/jobs/" + id:                  404,
			"POST /v1/jobs/" + id + "/reschedule":   404,
			"GET /v1/jobs/" + id + run:              404,
			"POST /v1/jobs/" + id + run + "/cancel": 404,
			"POST /v1/jobs/" + id + "/cancel":       404,
			"PUT /v1/jobs/" + id:                    422,
			"GET /v1/jobs?after=" + id:              422,
			"GET /v1/runs?job_id=" + id:             422,
			"GET /v1/jobs/" + id + "/why":           404,
			"GET /v1/jobs/" + id + "/alerts":        404,
		} {
			method, target, _ := strings.Cut(request, " ")
			var body string
			switch {
			case method == "PUT" || method == "PATCH":
				body = `{"trigger": {"type": "date"}, "exec": {"command": ["true"]}}`
			case strings.HasSuffix(target, "/reschedule"):
				body = `{"trigger": {"type": "date"}}`
			}
			w := do(h, method, target, body)
			if got := decode[client.Problem](t, w, "application/problem+json"); w.Code != want || got.Status != want {
				t.Errorf("%s: %d %s, want %d", request, w.Code, w.Body, want)
			}
		}
	}
	if log.Len() > 0 {
		t.Errorf("the user's mistakes were logged:\n%s", log)
	}
}

func TestTriggerThatNeverFiresIsInvalid(t *testing.T) {
	s, _ := serverOver(brokenStore{err: job.Invalid("trigger.end", "lies before the start")})
	got := decode[client.Problem](t, do(s.Handler(), "POST", "/v1/jobs", sleepJob), "application/problem+json")
	want := []client.FieldProblem{{Location: "body.trigger.end", Message: "lies before the start"}}
	if diff := cmp.Diff(want, got.Errors); got.Status != 422 || diff != "" {
		t.Errorf("status %d, errors (-want +got):\n%s", got.Status, diff)
	}
}

func TestPanicIsAnAnswerAndALogLine(t *testing.T) {
	s, log := serverOver(brokenStore{})
	w := do(s.Handler(), "POST", "/v1/jobs", sleepJob)
	want := client.Problem{Status: 500, Title: "Internal Server Error",
		Detail: "this is a defect of the scheduler; see the server's log"}
	if diff := cmp.Diff(want, decode[client.Problem](t, w, "application/problem+json")); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	if !strings.Contains(log.String(), "the store is broken") {
		t.Errorf("the panic is not in the log:\n%s", log)
	}
}

func TestReadyzSaysWhyNot(t *testing.T) {
	s, _ := serverOver(nil)
	var notReady error
	s.Ready = func(context.Context) error { return notReady }
	h := s.Handler()
	if w := do(h, "GET", "/readyz", ""); w.Code != http.StatusOK {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	notReady = errors.New("it has not registered yet")
	want := client.Problem{Status: 503, Title: "Service Unavailable",
		Detail: "this node is not ready: it has not registered yet"}
	got := decode[client.Problem](t, do(h, "GET", "/readyz", ""), "application/problem+json")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
}

// What a person should look after soon is told, and keeps nobody from being ready.
func TestReadyzTellsWarnings(t *testing.T) {
	s, _ := serverOver(nil)
	var warnings []string
	s.Warnings = func() []string { return warnings }
	h := s.Handler()
	for body, list := range map[string][]string{
		`{"status":"ok"}`: nil,
		`{"status":"ok","warnings":["run_history has partitions for 2 days after today only"]}`: {"run_history has partitions for 2 days after today only"},
	} {
		warnings = list
		if w := do(h, "GET", "/readyz", ""); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != body {
			t.Errorf("ready: %d %s, want %s", w.Code, w.Body, body)
		}
	}
}

// The metrics are behind the same guard as the rest, and there is nothing where there are none.
func TestMetricsAreGuarded(t *testing.T) {
	s, _ := serverOver(nil)
	if w := do(s.Handler(), "GET", "/metrics", ""); w.Code != http.StatusNotFound {
		t.Errorf("without metrics: %d", w.Code)
	}
	s.Metrics = http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		io.WriteString(w, "pgdue_database_up 1\n")
	})
	h := s.Handler()
	if w := do(h, "GET", "/metrics", ""); w.Code != http.StatusOK || w.Body.String() != "pgdue_database_up 1\n" {
		t.Errorf("metrics: %d %s", w.Code, w.Body)
	}
	if w := do(h, "GET", "/metrics", "", "Host", "evil.example"); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("for another host: %d", w.Code)
	}
	if w := do(h, "POST", "/metrics", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestLocationOfNewJob(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	for id, want := range map[string]string{"a:b@c": "/v1/jobs/a:b@c", "..": "/v1/jobs/%2E%2E"} {
		w := do(h, "POST", "/v1/jobs", strings.Replace(sleepJob, "123", id, 1))
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("Location is %q, want %q", got, want)
		}
		if w := do(h, "GET", want, ""); w.Code != http.StatusOK {
			t.Errorf("GET %s: %d %s", want, w.Code, w.Body)
		}
	}
}

func TestOpenAPIDescribesEveryOperation(t *testing.T) {
	s, _ := serverOver(nil)
	h := s.Handler()
	type document struct {
		OpenAPI string
		Info    struct{ Version string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Responses   map[string]any
		}
	}
	doc := decode[document](t, do(h, "GET", "/openapi.json", ""), "application/openapi+json")
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "v1.2.3" {
		t.Errorf("openapi %q, version %q", doc.OpenAPI, doc.Info.Version)
	}
	got := map[string]string{}
	for path, operations := range doc.Paths {
		for method, operation := range operations {
			got[operation.OperationID] = method + " " + path
			if len(operation.Responses) < 2 {
				t.Errorf("%s documents no error", operation.OperationID)
			}
		}
	}
	want := map[string]string{
		"add-job":    "post /v1/jobs",
		"cancel-run": "post /v1/jobs/{id}/runs/{run_id}/cancel", "cancel-runs": "post /v1/jobs/{id}/cancel",
		"put-job": "put /v1/jobs/{id}", "get-job": "get /v1/jobs/{id}",
		"preview-trigger": "post /v1/triggers/preview", "run-now": "post /v1/jobs/{id}/runs",
		"modify-job": "patch /v1/jobs/{id}", "skip-next": "post /v1/jobs/{id}/skip-next",
		"reschedule-job": "post /v1/jobs/{id}/reschedule", "list-events": "get /v1/jobs/{id}/events",
		"pause-job": "post /v1/jobs/{id}/pause", "resume-job": "post /v1/jobs/{id}/resume",
		"pause": "post /v1/pause", "resume": "post /v1/resume", "list-pauses": "get /v1/pauses",
		"remove-job": "delete /v1/jobs/{id}", "list-jobs": "get /v1/jobs",
		"list-runs": "get /v1/runs", "get-run": "get /v1/jobs/{id}/runs/{run_id}",
		"live": "get /livez", "ready": "get /readyz", "version": "get /version", "why": "get /v1/jobs/{id}/why",
		"list-alerts": "get /v1/jobs/{id}/alerts",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	yaml, _ := io.ReadAll(do(h, "GET", "/openapi.yaml", "").Result().Body)
	if !bytes.Contains(yaml, []byte("openapi: 3.1.0\n")) {
		t.Errorf("openapi.yaml begins:\n%.200s", yaml)
	}
}
