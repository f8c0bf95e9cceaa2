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
	"internal/say":       {},
	"internal/job":       {"internal/say", "internal/trigger"},
	"internal/form":      {"client", "internal/job", "internal/trigger"},
	"internal/policy":    {"internal/job", "internal/say", "internal/trigger"},
	"internal/why":       {"internal/job", "internal/policy", "internal/say", "internal/trigger"},
	"internal/scheduler": {"internal/job", "internal/policy", "internal/say"},
	"internal/store": {
		"internal/job", "internal/policy", "internal/say", "internal/trigger", "internal/why", "migrations",
	},
	"internal/executor": {"internal/job", "internal/trigger"},
	"internal/metrics":  {"internal/job", "internal/policy"},
	"internal/server": {
		"client", "internal/form", "internal/job", "internal/policy", "internal/say", "internal/trigger",
		"internal/why",
	},
}

// never are the packages that a package may not import, where that is more than an arrow that is not drawn: what begins
// with one of these.
var never = map[string][]string{
	"internal/form":   {"context", "log", "sync", "github.com/jackc"},
	"internal/policy": {"context", "log", "sync", "github.com/jackc"},
	"internal/why":    {"context", "log", "sync", "github.com/jackc"},
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
			case !isOurs && onlyStandard[name] && strings.Contains(strings.Split(imported, "/")[0], "."):
				t.Errorf("%s imports %s, which is not of the standard library", name, imported)
			case slices.ContainsFunc(never[name], func(of string) bool { return strings.HasPrefix(imported, of) }):
				t.Errorf("%s imports %s, which it must never know", name, imported)
			}
		}
	}
	for name := range arrows {
		if !seen[name] {
			t.Errorf("there is no package %s", name)
		}
	}
}

// onlyStandard are the packages that know the standard library and nothing else.
var onlyStandard = map[string]bool{"internal/trigger": true, "internal/say": true}

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
