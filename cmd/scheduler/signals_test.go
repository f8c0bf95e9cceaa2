package main

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A node that gets SIGHUP or SIGTERM says so, is not ready, claims nothing more and lets its runs end; a second signal
// stops them, and their ends are recorded.
func TestSignals(t *testing.T) {
	t.Parallel()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // else a test under nohup hands on that it is ignored
	scheduler := binary(t)
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn, s := storetest.Conn(t, url), storetest.OpenURL(t, url)
			long := storetest.Job(t, "long", `{"type":"date"}`)
			long.Work = &job.Exec{Command: []string{"sleep", "300"}}
			if _, err := s.Add(t.Context(), long, job.Author{}); err != nil {
				t.Fatal(err)
			}
			node := start(t, scheduler, "serve", "--enable-exec", "--database-url", url, "--listen", "127.0.0.1:0")
			api := &client.Client{BaseURL: node.find(`msg="API serves" url=(http://\S+)`)}
			node.find(`(msg="run began")`)

			node.cmd.Process.Signal(sig)
			name := map[syscall.Signal]string{syscall.SIGHUP: "SIGHUP", syscall.SIGTERM: "SIGTERM"}[sig]
			// The command says the one and the node the other, at the same time.
			stopping := `msg=stopping cause="received ` + name + `"`
			waiting := `msg="waiting for runs to end; nothing more is claimed" \S+ runs=1 for_at_most=20s`
			node.find(`(?s)(` + stopping + `.*` + waiting + `|` + waiting + `.*` + stopping + `)`)
			if err := api.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "draining") {
				t.Errorf("readiness while draining: %v", err)
			}
			storetest.Await(t, conn, "the node's row to say that it drains",
				"SELECT draining_since IS NOT NULL FROM pgdue.nodes")
			later := storetest.Job(t, "later", `{"type":"date"}`)
			if _, err := s.Add(t.Context(), later, job.Author{}); err != nil {
				t.Fatal(err)
			}
			if o, err := s.Job(t.Context(), "later"); err != nil || !strings.HasPrefix(o.Problem, "no live node") {
				t.Errorf("a job that nobody will claim: problem %q, %v", o.Problem, err)
			}

			node.cmd.Process.Signal(sig)
			node.find(`(msg="asked to stop once more)`)
			node.find(`(msg="node stopped")`)
			if err := node.cmd.Wait(); err != nil {
				t.Error(err)
			}
			if got := storetest.Query[string](t, conn,
				"SELECT string_agg(concat_ws(' ', job_id, outcome), ', ') FROM pgdue.run_history"); got != "long lost" {
				t.Errorf("history is %q", got)
			}
		})
	}
}
