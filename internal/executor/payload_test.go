package executor_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/job"
)

// A program finds what its run was given in its environment, up to the longest that a run may be given.
func TestExecFindsItsPayload(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{"order 42\n$HOME", strings.Repeat("x", job.MaxPayload)} {
		a := execAttempt("sh", "-c", `printf %s "$PGDUE_PAYLOAD" | cksum; printf %s "$PGDUE_PAYLOAD" | tail -c 20`)
		a.Payload = payload
		res := execPool().Execute(t.Context(), a)
		if want := payload[max(0, len(payload)-20):]; res.Outcome != job.Succeeded ||
			!strings.HasSuffix(res.Output, "\n"+want) {
			t.Errorf("%d bytes: %s %s, output %q", len(payload), res.Outcome, res.Error, res.Output)
		}
	}
	a := execAttempt("sh", "-c", `echo "${PGDUE_PAYLOAD-unset}"`)
	if res := execPool().Execute(t.Context(), a); res.Output != "unset\n" {
		t.Errorf("without a payload the program finds %q", res.Output)
	}
}

// A request has what its run was given as its body, instead of the job's own.
func TestHTTPSendsItsPayload(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, body, payload, want string }{
		{"", "", `{"order": 42}`, `POST application/json {"order": 42}`},
		{"", "the job's own", "order 42", "POST text/plain; charset=utf-8 order 42"},
		{"PUT", `{"own": 1}`, "order 42", "PUT text/plain; charset=utf-8 order 42"},
		{"", "the job's own", "", "POST text/plain; charset=utf-8 the job's own"},
	} {
		var got string
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = strings.Join([]string{r.Method, r.Header.Get("Content-Type"), string(body)}, " ")
		})
		a := attempt(&job.HTTP{URL: url, Method: tt.method, Body: tt.body})
		a.Payload = tt.payload
		if res := httpPool().Execute(t.Context(), a); res.Outcome != job.Succeeded || got != tt.want {
			t.Errorf("%s %s, the request was %q, want %q", res.Outcome, res.Error, got, tt.want)
		}
	}
}
