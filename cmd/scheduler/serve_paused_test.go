package main

import (
	"testing"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A node that is started with --paused fires nothing and is ready all the same; its log says what is paused, and what
// ends.
func TestServePaused(t *testing.T) {
	t.Parallel()
	scheduler := binary(t)
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	if _, err := storetest.OpenURL(t, url).Add(t.Context(), storetest.Job(t, "a", `{"type":"date"}`),
		job.Author{}); err != nil {
		t.Fatal(err)
	}
	node := start(t, scheduler, "serve", "--paused", "--enable-exec", "--database-url", url, "--listen", "127.0.0.1:0")
	api := node.find(`msg="API serves" url=(http://\S+)`)
	node.find(`(level=WARN msg="everything is paused: no run begins on any node" what=everything since=\S+Z by=\S+ reason="a node was started with --paused")`)
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.running_instances"); n > 0 {
		t.Errorf("%d runs began", n)
	}
	if err := (&client.Client{BaseURL: api}).Ready(t.Context()); err != nil {
		t.Errorf("a node is not ready because everything is paused: %v", err)
	}
	again := start(t, scheduler, "serve", "--paused", "--enable-exec", "--database-url", url, "--listen", "127.0.0.1:0")
	again.find(`(msg="everything is paused)`)
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.pauses"); n > 0 {
		t.Errorf("the second node paused anew: %d pauses are over", n)
	}
	output(t, scheduler, "resume", "--server", api, "--all", "--run-missed")
	for _, n := range []*process{node, again} {
		n.find(`(msg="pause is over" what=everything)`)
	}
	storetest.Await(t, conn, "the run for what was missed",
		"SELECT count(*) = 1 FROM pgdue.run_history WHERE job_id = 'a' AND outcome = 'succeeded'")
	invariant.Hold(t, conn, invariant.SteadyClock)
}
