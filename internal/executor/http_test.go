package executor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

func httpPool() *executor.Pool {
	return &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{UserAgent: "pgdue/1.2.3"}}}
}

// serve starts a server and returns its URL.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func send(t *testing.T, work job.HTTP) job.Result {
	t.Helper()
	return httpPool().Execute(t.Context(), attempt(&work))
}

// request is what a server saw of one.
type request struct {
	Line, Host, Body string
	Header           map[string]string
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	headers := func(more ...string) map[string]string {
		all := map[string]string{
			"Connection":               "close",
			"Idempotency-Key":          "8c5f2b1e-7d7f-5a0e-9f3d-2b1f6a4c9d10",
			"Pgdue-Attempt":            "2",
			"Pgdue-Fire-Count":         "3",
			"Pgdue-First-Run-Time":     "2026-03-01T07:00:00.25Z",
			"Pgdue-Job-Id":             "123",
			"Pgdue-Last-Run-Time":      "2026-03-01T08:00:00.25Z",
			"Pgdue-Run-Id":             "8c5f2b1e-7d7f-5a0e-9f3d-2b1f6a4c9d10",
			"Pgdue-Scheduled-Run-Time": "2026-03-01T08:00:00.25Z",
			"User-Agent":               "pgdue/1.2.3",
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	tests := []struct {
		name string
		work job.HTTP
		want request
	}{
		{"without a body it is a GET", job.HTTP{},
			request{Line: "GET /hook?a=1", Header: headers()}},
		{"with a body it is a POST, of JSON when it is that", job.HTTP{Body: `{"a": 1}`},
			request{Line: "POST /hook?a=1", Body: `{"a": 1}`,
				Header: headers("Content-Length", "8", "Content-Type", "application/json")}},
		{"other bodies are text", job.HTTP{Body: "a = 1"},
			request{Line: "POST /hook?a=1", Body: "a = 1",
				Header: headers("Content-Length", "5", "Content-Type", "text/plain; charset=utf-8")}},
		{"a declared method stays", job.HTTP{Method: "DELETE"},
			request{Line: "DELETE /hook?a=1", Header: headers()}},
		{"declared headers win",
			job.HTTP{Method: "PUT", Body: "{}",
				Headers: map[string]string{"content-type": "application/merge-patch+json", "User-Agent": "mine",
					"Authorization": "Bearer x"}},
			request{Line: "PUT /hook?a=1", Body: "{}",
				Header: headers("Content-Length", "2", "Content-Type", "application/merge-patch+json", "User-Agent",
					"mine", "Authorization", "Bearer x")}},
		{"what tells of the run cannot be declared",
			job.HTTP{Headers: map[string]string{"pgdue-run-id": "1", "Pgdue-Job-Id": "1", "Pgdue-Attempt": "1",
				"Pgdue-Scheduled-Run-Time": "1", "idempotency-key": "1"}},
			request{Line: "GET /hook?a=1", Header: headers()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got request
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = request{Line: r.Method + " " + r.URL.String(), Host: r.Host, Body: string(body),
					Header: map[string]string{}}
				for name, values := range r.Header {
					got.Header[name] = strings.Join(values, " | ")
				}
				io.WriteString(w, "done")
			})
			tt.work.URL = url + "/hook?a=1"
			tt.want.Host = strings.TrimPrefix(url, "http://")
			res := send(t, tt.work)
			if diff := cmp.Diff(job.Result{Outcome: job.Succeeded, Output: "done", Status: status(200)},
				res); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHTTPSpeaksAsPgdueByDefault(t *testing.T) {
	t.Parallel()
	agent := ""
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { agent = r.UserAgent() })
	pool := &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{}}}
	pool.Execute(t.Context(), attempt(&job.HTTP{URL: url}))
	if agent != "pgdue" {
		t.Errorf("User-Agent %q, want pgdue", agent)
	}
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code     int
		location string
		want     string // "" for success
	}{
		{200, "", ""},
		{201, "/things/1", ""},
		{204, "", ""},
		{299, "", ""},
		{300, "", "HTTP 300 Multiple Choices"},
		{302, "https://user:secret@example.org/login?token=secret#secret",
			"HTTP 302 Found to https://example.org/login: redirects are not followed"},
		{304, "", "HTTP 304 Not Modified"},
		{404, "", "HTTP 404 Not Found"},
		{429, "/later", "HTTP 429 Too Many Requests"},
		{503, "", "HTTP 503 Service Unavailable"},
		{599, "", "HTTP 599"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.code), func(t *testing.T) {
			t.Parallel()
			requests := 0
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests++
				if tt.location != "" {
					w.Header().Set("Location", tt.location)
				}
				w.WriteHeader(tt.code)
				io.WriteString(w, "told\x00you")
			})
			want := job.Result{Outcome: job.Failed, Error: tt.want, Output: "told\uFFFDyou", Status: status(tt.code)}
			if tt.want == "" {
				want.Outcome = job.Succeeded
			}
			if tt.code == 204 || tt.code == 304 { // these have no body
				want.Output = ""
			}
			if diff := cmp.Diff(want, send(t, job.HTTP{URL: url})); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
			if requests != 1 {
				t.Errorf("%d requests, want 1", requests)
			}
		})
	}
}

func TestHTTPRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/old" {
			t.Errorf("request of %s", r.URL)
		}
		http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
	})
	want := job.Result{
		Outcome: job.Failed,
		Error:   "HTTP 308 Permanent Redirect to " + url + "/new: redirects are not followed",
		Status:  status(308),
	}
	if diff := cmp.Diff(want, send(t, job.HTTP{URL: url + "/old", Body: "x"})); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestHTTPStopsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		cause   error
		outcome job.Outcome
		want    string
	}{
		{"timeout", job.ErrTimeout, job.TimedOut, "its timeout of 1m0s was over: it had no answer yet"},
		{"shutdown", job.ErrShutdown, job.Lost, "the node was stopped while this run executed: it had no answer yet"},
		{"cancel", nil, job.Cancelled, "cancelled: it had no answer yet"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			closed := make(chan struct{})
			url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				cancel(tt.cause)
				<-r.Context().Done() // the connection is closed
				close(closed)
			})
			res := httpPool().Execute(ctx, attempt(&job.HTTP{URL: url}))
			if diff := cmp.Diff(job.Result{Outcome: tt.outcome, Error: tt.want}, res); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
			<-closed
		})
	}
}

// afterHeaders calls a function when the header of an answer has arrived.
type afterHeaders func()

func (f afterHeaders) RoundTrip(req *http.Request) (*http.Response, error) {
	defer f()
	return http.DefaultTransport.RoundTrip(req)
}

func TestHTTPStopsInAnAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	closed := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the connection is closed
		close(closed)
	})
	transport := afterHeaders(func() { cancel(job.ErrTimeout) })
	pool := &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{Transport: transport}}}
	want := job.Result{
		Outcome: job.TimedOut,
		Error:   "its timeout of 1m0s was over: its answer was not complete: HTTP 200 OK",
		Status:  status(200),
	}
	if diff := cmp.Diff(want, pool.Execute(ctx, attempt(&job.HTTP{URL: url}))); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
	<-closed
}

func TestHTTPTimesOut(t *testing.T) {
	t.Parallel()
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	a := attempt(&job.HTTP{URL: url})
	a.Definition.Timeout = 50 * time.Millisecond
	want := job.Result{Outcome: job.TimedOut, Error: "its timeout of 50ms was over: it had no answer yet"}
	if diff := cmp.Diff(want, httpPool().Execute(t.Context(), a)); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestHTTPErrorShowsNoSecrets(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close() // nobody listens there now
	tests := []struct{ name, url, want string }{
		{"connection refused", "http://user:secret@" + addr + "/hook?token=secret#secret",
			"GET http://" + addr + "/hook: dial tcp " + addr + ": connect: connection refused"},
		{"not a URL", "http://user:secret@host:secret/", "the job's method or URL is not valid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := job.Result{Outcome: job.Failed, Error: tt.want}
			if diff := cmp.Diff(want, send(t, job.HTTP{URL: tt.url})); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHTTPAnswerThatBreaksOffFails(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "begun")
	})
	want := job.Result{
		Outcome: job.Failed,
		Error:   "HTTP 200 OK, then reading the answer: unexpected EOF",
		Output:  "begun",
		Status:  status(200),
	}
	if diff := cmp.Diff(want, send(t, job.HTTP{URL: url})); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

// It runs alone: it measures what the whole process allocates.
func TestHTTPMemoryIsFlatUnderAnEndlessAnswer(t *testing.T) {
	piece := bytes.Repeat([]byte("0123456789abcde\n"), 2048)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res := send(t, job.HTTP{URL: url})
	runtime.ReadMemStats(&after)

	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("allocated %d bytes for an endless answer, want at most 4 MiB", got)
	}
	if !strings.HasSuffix(res.Output, "abcde\n[pgdue read no further than 8388608 bytes of the answer]\n") {
		t.Errorf("output ends in %q", res.Output[max(0, len(res.Output)-80):])
	}
	if len(res.Output) > 64<<10 || len(res.Output) < 63<<10 {
		t.Errorf("kept %d bytes of a failure's answer, want just under 64 KiB", len(res.Output))
	}
}

func TestHTTPKeepsTheEndOfALargeAnswer(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", 1<<20)+"end")
	})
	res := send(t, job.HTTP{URL: url})
	first, rest, _ := strings.Cut(res.Output, "\n")
	if want := fmt.Sprintf("[pgdue dropped the first %d bytes]", 1<<20+3-len(rest)); first != want {
		t.Errorf("first line %q, want %q", first, want)
	}
	if len(res.Output) > 4<<10 || len(rest) < 3<<10 || !strings.HasSuffix(rest, "xend") {
		t.Errorf("kept %d bytes of a success's answer, want the last 4 KiB", len(res.Output))
	}
}

// On a connection that was kept from an earlier request, Go's transport would send the second request again.
func TestHTTPSendsAnAttemptOnce(t *testing.T) {
	t.Parallel()
	requests := make(chan string, 10)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests <- r.URL.Path
		if r.URL.Path == "/dies" {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
	})
	send(t, job.HTTP{URL: url + "/answers", Body: "pay"})
	res := send(t, job.HTTP{URL: url + "/dies", Body: "pay"})
	if res.Outcome != job.Failed {
		t.Errorf("outcome %s, want failed", res.Outcome)
	}
	send(t, job.HTTP{URL: url + "/last", Body: "pay"})
	var got []string
	for len(got) == 0 || got[len(got)-1] != "/last" {
		got = append(got, <-requests)
	}
	if diff := cmp.Diff([]string{"/answers", "/dies", "/last"}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
