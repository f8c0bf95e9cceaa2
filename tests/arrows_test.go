package tests

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pgdue/pgdue"

// arrows are the packages of ours that each package may import. cmd/…, tests and the packages that are for tests
// see all.
var arrows = map[string][]string{
	"client":             {},
	"examples":           {},
	"migrations":         {},
	"internal/devpg":     {},
	"internal/invariant": {},
	"internal/trigger":   {},
	"internal/scheduler": {"internal/trigger"},
	"internal/store":     {"internal/scheduler", "internal/trigger", "migrations"},
	"internal/executor":  {"internal/scheduler", "internal/trigger"},
	"internal/metrics":   {"internal/scheduler"},
	"internal/server":    {"client", "internal/scheduler", "internal/trigger"},
}

// Imports run inwards, as docs/design.md draws them: to trigger, which knows the standard library only.
func TestImportArrows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		allowed, known := arrows[name]
		seen[name] = true
		if !known && !seesAll(name) {
			t.Errorf("package %s has no arrows; draw them here and in docs/design.md", name)
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			switch {
			case isOurs && known && !slices.Contains(allowed, ours):
				t.Errorf("%s imports %s; it may import %v", name, ours, allowed)
			case name == "internal/trigger" && strings.Contains(strings.Split(imported, "/")[0], "."):
				t.Errorf("%s imports %s, which is not of the standard library", name, imported)
			}
		}
	}
	for name := range arrows {
		if !seen[name] {
			t.Errorf("there is no package %s", name)
		}
	}
}

func seesAll(name string) bool {
	return strings.HasPrefix(name, "cmd/") || name == "tests" || strings.HasSuffix(name, "test")
}

type listed struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) (list []listed) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
