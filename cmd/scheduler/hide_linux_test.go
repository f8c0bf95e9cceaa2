package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/storetest"
)

// Nothing that a program of a job could read of its node holds the database's password.
func TestNodeHidesItsPassword(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	password := storetest.Config(t, url).ConnConfig.Password
	if password == "" {
		t.Fatal("the database of the tests has no password")
	}
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := []string{binary(t), "serve", "--enable-exec", "--listen", "127.0.0.1:0"}
	for name, c := range map[string]struct {
		args  []string
		warns bool
	}{
		"environment": {append([]string{"PGDUE_DATABASE_URL=" + url}, serve...), false},
		"flag":        {append(serve[:len(serve):len(serve)], "--database-url", url), true},
		"both in one": {append(serve[:len(serve):len(serve)], "--database-url="+url), true},
		"file":        {append(serve[:len(serve):len(serve)], "--database-url-file", file), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := start(t, "/usr/bin/env", c.args...)
			node.find(`(msg="node registered")`)
			for _, of := range []string{"environ", "cmdline"} {
				text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", node.pid(), of))
				if err != nil || len(text) == 0 || strings.Contains(string(text), password) {
					t.Errorf("%s: %q, %v", of, text, err)
				}
			}
			if warned := strings.Contains(node.text(), "password may stand in the arguments"); warned != c.warns {
				t.Errorf("warned: %v", warned)
			}
			if os.Geteuid() == 0 && !strings.Contains(node.text(), "programs of jobs run as root") {
				t.Error("it does not warn of root")
			}
			node.stop()
		})
	}
}
