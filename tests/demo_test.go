package tests

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/storetest"
)

// The demo, as README tells it: a job is skipped at max_instances with the remedy, overlaps with max_instances 12, and
// what is in flight survives kill -9 of everything until the dead node has been silent for its lease.
func TestDemo(t *testing.T) {
	t.Parallel()
	scheduler := buildScheduler(t)
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
		"scheduler", "add", "123", "--max-instances", "12", "--at", "now", "--", "sleep", "60")
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
		`"12"`) {
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

// buildScheduler builds the binary once per test program.
var buildScheduler = func() func(testing.TB) string {
	var once sync.Once
	var dir string
	var err error
	return func(t testing.TB) string {
		t.Helper()
		once.Do(func() {
			if dir, err = os.MkdirTemp("", "pgdue-test-"); err != nil {
				return
			}
			atExit = append(atExit, func() { os.RemoveAll(dir) })
			var out []byte
			if out, err = exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(dir, "scheduler"),
				"../cmd/scheduler").CombinedOutput(); err != nil {
				err = fmt.Errorf("build the scheduler: %w: %s", err, out)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, "scheduler")
	}
}()

// openDir is a temporary directory that the account of a private cluster can reach, which t.TempDir is not for root.
func openDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgdue-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "cluster")
}

// process is a scheduler that runs beside the test, with all that it has printed.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	mu   sync.Mutex
	more *sync.Cond
	out  bytes.Buffer
	done bool
	seen int // what find has passed
}

func start(t testing.TB, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...)}
	p.more = sync.NewCond(&p.mu)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go p.read(r)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s:\n%s", program, strings.Join(args, " "), p.text())
		}
	})
	return p
}

func (p *process) read(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		p.mu.Lock()
		p.out.WriteString(line)
		p.done = err != nil
		p.more.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// find waits for a line that matches, after all that was found before, and returns its first group.
func (p *process) find(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	giveUp := time.AfterFunc(90*time.Second, func() { p.mu.Lock(); p.done = true; p.more.Broadcast(); p.mu.Unlock() })
	defer giveUp.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		text := p.out.String()[p.seen:]
		if m := re.FindStringSubmatchIndex(text); m != nil {
			p.seen += m[1]
			if len(m) > 2 {
				return text[m[2]:m[3]]
			}
			return text[m[0]:m[1]]
		}
		if p.done {
			p.t.Fatalf("%s did not print %q", p.cmd, pattern)
		}
		p.more.Wait()
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill() // an error means that it has ended
	p.cmd.Wait()
}

// stop is SIGTERM, after which the process must end by itself without an error.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.cmd, err)
	}
}

// output runs a command to its end, which must be good.
func output(t testing.TB, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
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
