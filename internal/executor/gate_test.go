package executor_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

// once is the trust of a node that is frozen between the first time that it is asked for and the next.
func once() func() bool {
	var asked atomic.Bool
	return func() bool { return !asked.Swap(true) }
}

// A node that is frozen after it has begun with an attempt, and is not trusted any more when it goes on, sends nothing
// and starts nothing.
func TestNothingLeavesANodeThatIsNoLongerTrusted(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) })
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	two := httptest.NewUnstartedServer(handler)
	two.EnableHTTP2 = true
	two.StartTLS()
	program := filepath.Join(t.TempDir(), "began")
	for name, c := range map[string]struct {
		work   job.Work
		server *httptest.Server
	}{
		"http":    {&job.HTTP{URL: plain.URL, Body: "x"}, plain},
		"https":   {&job.HTTP{URL: secure.URL}, secure},
		"http/2":  {&job.HTTP{URL: two.URL, Body: "x"}, two},
		"program": {&job.Exec{Command: []string{"touch", program}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pool := &executor.Pool{Kinds: []executor.Kind{&executor.Exec{}}}
			if c.server != nil {
				defer c.server.Close()
				transport := executor.Transport.Clone()
				if tls := c.server.Client().Transport.(*http.Transport).TLSClientConfig; tls != nil {
					transport.TLSClientConfig.RootCAs = tls.RootCAs
				}
				pool.Kinds = []executor.Kind{&executor.HTTP{Transport: transport}}
			}
			a := attempt(c.work)
			a.Trusted = once()
			if got := pool.Execute(t.Context(), a); got != job.NotBegun() {
				t.Errorf("not trusted: %+v", got)
			}
			if _, err := os.Stat(program); served.Load() != 0 || err == nil {
				t.Error("the work began")
			}
			a.Trusted = func() bool { return true }
			if got := pool.Execute(t.Context(), a); got.Outcome != job.Succeeded {
				t.Errorf("trusted: %+v", got)
			}
			served.Store(0)
			os.Remove(program)
		})
	}
}
