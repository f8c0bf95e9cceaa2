package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/storetest"
)

// The demo, as README tells it: a job is skipped at max_instances with the remedy, overlaps with max_instances 13, and
// what is in flight survives kill -9 of everything until the dead node has been silent for its lease.
func TestDemo(t *testing.T) {
	t.Parallel()
	scheduler := binary(t)
	dataDir := openDir(t)
	dev := func() *process {
		return start(t, scheduler, "dev", "--demo", "--data-dir", dataDir, "--listen", "127.0.0.1:0")
	}
	node := dev()
	api := node.find(`API +(http://\S+)`)
	database := node.find(`psql '(postgres://\S+)'`)

	// Act 1: it begins, and the next one is skipped with all that a person needs.
	node.find(`msg="run began" job=123 `)
	skipped := node.find(`(level=WARN msg="run skipped" job=123 .*)`)
	for _, part := range []string{`reason="maximum number of running instances reached \(1\)"`,
		`instance=[0-9a-f-]{36}`,
		`running_since=\S+Z`, `on_node=\S+:\d+/[0-9a-f]{4}`, `remedy="at least max_instances \d+ `} {
		if !regexp.MustCompile(part).MatchString(skipped) {
			t.Errorf("the skip does not say %s: %s", part, skipped)
		}
	}

	// Act 2: the remedy.
	output(t, scheduler, "add", "add-123", "--server", api, "--replace", "--every", "5s", "--",
		"scheduler", "add", "123", "--max-instances", "13", "--at", "now", "--", "sleep", "60")
	conn := storetest.Conn(t, database)
	storetest.Await(t, conn, "runs of 123 that overlap",
		"SELECT count(*) >= 2 FROM pgdue.running_instances WHERE job_id = '123'")

	wantMetrics(t, api, `pgdue_running_instances [2-9]`,
		`pgdue_fires_total{outcome="skipped",reason="max_instances"} [1-9]`,
		`pgdue_history_partitions_ahead 14`, `pgdue_nodes_alive 1`, `process_start_time_seconds `)

	// kill -9 of everything, and the same command again, beside a job of one's own.
	output(t, scheduler, "add", "mine", "--server", api, "--every", "1h", "--", "true")
	node.kill()
	node = dev()
	api, database = node.find(`API +(http://\S+)`), node.find(`psql '(postgres://\S+)'`)
	conn = storetest.Conn(t, database)
	const ofDead = `SELECT count(*) FROM pgdue.running_instances r LEFT JOIN pgdue.nodes n ON n.id = r.node_id
		WHERE r.job_id = '123' AND n.name NOT LIKE '%%:%d/%%'`
	if n := storetest.Query[int](t, conn, fmt.Sprintf(ofDead, node.pid())); n < 2 {
		t.Errorf("after kill -9 and restart %d instances of 123 are counted, want at least 2", n)
	}
	if command := output(t, scheduler, "get", "add-123", "--server", api, "-o", "json"); !strings.Contains(command,
		`"13"`) {
		t.Errorf("the demo's command given again has reset what was changed: %s", command)
	}
	node.find(`msg="run lost" job=123 `)
	storetest.Await(t, conn, "the dead node's instances to be freed",
		fmt.Sprintf("SELECT (%s) = 0 AND EXISTS (SELECT FROM pgdue.run_history WHERE job_id = '123' AND "+
			"outcome = 'lost')", fmt.Sprintf(ofDead, node.pid())))

	// Act 3: a second node dies while it runs 123, and the first takes over.
	second := start(t, scheduler, "serve", "--enable-exec", "--database-url", database, "--listen", "127.0.0.1:0")
	storetest.Await(t, conn, "the second node to run 123", `SELECT EXISTS (SELECT FROM pgdue.running_instances r
		JOIN pgdue.nodes n ON n.id = r.node_id WHERE r.job_id = '123' AND n.name LIKE $1)`, fmt.Sprintf("%%:%d/%%", second.pid()))
	second.kill()
	killed := time.Now()
	storetest.Await(t, conn, "the take-over", `SELECT NOT EXISTS (SELECT FROM pgdue.nodes WHERE name LIKE $1)
		AND EXISTS (SELECT FROM pgdue.run_history WHERE outcome = 'lost' AND node LIKE $1)`, fmt.Sprintf("%%:%d/%%", second.pid()))
	if freed := time.Since(killed); freed > 19*time.Second {
		t.Errorf("the dead node's instances were freed after %s, want within 18 s", freed)
	}
	invariant.Hold(t, conn, invariant.SteadyClock)
	node.stop()
}

// wantMetrics looks for lines in what a node tells Prometheus.
func wantMetrics(t *testing.T, api string, want ...string) {
	t.Helper()
	answer, err := http.Get(api + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range want {
		if !regexp.MustCompile("(?m)^" + line).Match(text) {
			t.Errorf("no line %s in the metrics:\n%s", line, text)
		}
	}
}
