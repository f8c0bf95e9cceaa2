package main

import (
	"archive/zip"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A node with other rules of time zones joins: it moves what the others computed to where its rules put it, with an
// event, and warns that nodes differ. Each reads its rules from the machine: here from a directory of its own.
func TestZoneRulesChange(t *testing.T) {
	t.Parallel()
	scheduler, url := binary(t), storetest.URL(t)
	conn := storetest.Conn(t, url)
	serve := func(env string) (*process, string) {
		p := start(t, "env", env, scheduler, "serve", "--database-url", url, "--listen", "127.0.0.1:0")
		return p, p.find(`msg="API serves" url=(http://\S+)`)
	}
	_, old := serve("ZONEINFO=" + casablancaIs(t, "Etc/GMT-8"))
	c := &client.Client{BaseURL: old}
	report := client.JobDefinition{ID: "report", HTTP: &client.HTTP{URL: "https://example.org/"},
		Trigger: &client.Trigger{Type: client.TriggerCron, Expression: "0 9 1 1 *", Timezone: "Africa/Casablanca"}}
	j, err := c.AddJob(t.Context(), report)
	if err != nil || j.NextRunTime.Hour() != 1 {
		t.Fatalf("next run %s, %v, want 09:00 eight hours ahead of UTC", j.NextRunTime, err)
	}
	node, api := serve("ZONEINFO=" + casablancaIs(t, "Etc/GMT-1"))
	node.find(`level=WARN msg="nodes compute local times by different rules of time zones" node=\S+ tzdata="from \$ZONEINFO`)
	node.find(`msg="next run moved, as the rules of time zones changed" node=\S+ job=report from=\S+T01:00:00\S+ to=\S+T08:00`)
	moved, err := c.Job(t.Context(), "report")
	if err != nil || !moved.NextRunTime.Equal(j.NextRunTime.Add(7*time.Hour)) {
		t.Errorf("next run %s, %v, want that of %s moved by 7 h", moved.NextRunTime, err, j.NextRunTime)
	}
	if got := storetest.Query[string](t, conn, "SELECT action || ' ' || reason FROM pgdue.job_events ORDER BY id DESC "+
		"LIMIT 1"); !strings.HasPrefix(got, "rescheduled the rules of time zones changed: the next run moved from ") {
		t.Errorf("the event says %q", got)
	}
	answer, err := http.Get(api + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), "by other time zone rules on ") {
		t.Errorf("/readyz says %s", body)
	}
	why := output(t, scheduler, "why", "report", "--server", api)
	if !strings.Contains(why, "zone_rules: nodes compute its local times by different rules of time zones: ") {
		t.Errorf("why says\n%s", why)
	}
}

// casablancaIs makes a directory in which the zone Africa/Casablanca has the rules of another one.
func casablancaIs(t *testing.T, other string) (dir string) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	f, err := archive.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "Africa"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Africa/Casablanca"), rules, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
