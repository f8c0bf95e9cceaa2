package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// consumed are the packages that are for other people's programs, and the modules beside ours that such a program then
// has in its go.mod.
var consumed = map[string][]string{
	"client": {},
}

// What we need for our tests, testcontainers and all that stands behind it, is in our go.mod, but must not come into
// that of a program that uses us. Go leaves it out as long as no package that the program imports needs it.
func TestConsumersRequireOnlyWhatTheyUse(t *testing.T) {
	t.Parallel()
	takeTurn(t)
	for name, want := range consumed {
		t.Run(name, func(t *testing.T) {
			want := slices.Sorted(slices.Values(append(want, module)))
			if diff := cmp.Diff(want, consume(t, module+"/"+name)); diff != "" {
				t.Errorf("modules in the go.mod of a program that imports %s (-want +got):\n%s", name, diff)
			}
		})
	}
	t.Run("what is used is seen", func(t *testing.T) {
		const used = "github.com/google/uuid"
		if got := consume(t, module+"/client", used); !slices.Contains(got, used) {
			t.Errorf("a program that imports %s has %q in its go.mod", used, got)
		}
	})
}

// consume builds a program of another module that imports packages, and returns the modules that its go.mod requires.
func consume(t *testing.T, packages ...string) []string {
	t.Helper()
	ours, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	// With our checksums nothing is asked of the network that our own build has not got already.
	sums, err := os.ReadFile(filepath.Join(ours, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := "package consumer\n" // a program would cost a link, and show no more
	for _, imported := range packages {
		program += fmt.Sprintf("import _ %q\n", imported)
	}
	for name, text := range map[string]string{"go.sum": string(sums), "consumer.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goIn(t, dir, "mod", "init", "example.org/consumer")
	goIn(t, dir, "mod", "edit", "-replace="+module+"="+ours)
	goIn(t, dir, "mod", "tidy")
	goIn(t, dir, "build", ".")

	var file struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(goIn(t, dir, "mod", "edit", "-json"), &file); err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, r := range file.Require {
		required = append(required, r.Path)
	}
	slices.Sort(required)
	return required
}

// goIn runs the go command in a directory and returns what it prints.
func goIn(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return out
}
