package executor_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

// An answer that asks for another protocol is a failure at once. Its body is the connection, which nobody closes.
func TestSwitchingProtocolsIsAFailure(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		rw.Flush()
		io.Copy(io.Discard, bufio.NewReader(conn)) // until the other end closes
		close(gone)
	})
	want := job.Result{Outcome: job.Failed, Status: status(101),
		Error: "HTTP 101 Switching Protocols: the receiver would speak another protocol"}
	if diff := cmp.Diff(want, send(t, job.HTTP{URL: url})); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
	<-gone
}

// endless is a body whose reads know nothing of contexts, and end when it is closed.
type endless struct{ closed chan struct{} }

func (e endless) Read([]byte) (int, error) { <-e.closed; return 0, io.ErrClosedPipe }

func (e endless) Close() error { close(e.closed); return nil }

type answersEndlessly struct{}

func (answersEndlessly) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{},
		Body: &onceClosed{endless{make(chan struct{})}, false}}, nil
}

// onceClosed may be closed twice, as net/http's bodies may.
type onceClosed struct {
	endless
	done bool
}

func (o *onceClosed) Close() error {
	if !o.done {
		o.done = true
		return o.endless.Close()
	}
	return nil
}

// The timeout ends the wait for an answer, whatever its body does.
func TestTimeoutEndsAnEndlessAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{Transport: answersEndlessly{}}}}
		a := attempt(&job.HTTP{URL: "http://127.0.0.1/"})
		a.Definition.Timeout = time.Minute
		began := time.Now()
		if res := pool.Execute(context.Background(), a); res.Outcome != job.TimedOut ||
			time.Since(began) != time.Minute {
			t.Errorf("%+v after %s", res, time.Since(began))
		}
	})
}

// What an answer says is kept as UTF-8, by the charset that it names.
func TestAnswersAreDecoded(t *testing.T) {
	t.Parallel()
	for contentType, sent := range map[string]string{
		"text/plain; charset=ISO-8859-1":     "h\xe4lsning",
		"text/plain; charset=\"utf-8\"":      "hälsning",
		"text/plain; charset=windows-1252":   "h\xe4lsning",
		"text/plain; charset=UTF-16BE":       "\x00h\x00\xe4\x00l\x00s\x00n\x00i\x00n\x00g",
		"text/plain; charset=klingon":        "hälsning",
		"text/plain":                         "hälsning",
		"this is ; not a = content type; at": "hälsning",
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			io.WriteString(w, sent)
		})
		if got := send(t, job.HTTP{URL: url}).Output; strings.TrimSpace(got) != "hälsning" {
			t.Errorf("%s: %q", contentType, got)
		}
	}
}
