package devpg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeSearch looks at the world below root, with these variables, and finds no bundle.
func fakeSearch(root string, env map[string]string) *search {
	return &search{root: root, getenv: func(name string) string { return env[name] },
		bundles: &bundles{dir: filepath.Join(root, "cache"), platform: "plan9-mips"}}
}

// install puts programs into dir that say they are PostgreSQL of the version.
func install(t *testing.T, dir, version string) {
	t.Helper()
	write(t, filepath.Join(dir, "postgres"), "#!/bin/sh\necho 'postgres (PostgreSQL) "+version+"'\n", 0o755)
	write(t, filepath.Join(dir, "initdb"), "#!/bin/sh\n", 0o755)
}

func TestSearchOrder(t *testing.T) {
	t.Parallel()
	root := openDir(t)
	in := func(dir string) string { return filepath.Join(root, dir) }
	install(t, in("chosen"), "17.1")
	install(t, in("path"), "16.2 (Debian 16.2-1)")
	write(t, in("tools/pg_config"), "#!/bin/sh\necho "+in("configured")+"\n", 0o755)
	install(t, in("configured"), "18beta1")
	for _, version := range []string{"9.6", "14", "15", "16", "100"} {
		install(t, in("usr/lib/postgresql/"+version+"/bin"), version+".3")
	}
	install(t, in("opt/homebrew/opt/postgresql@17/bin"), "17.4")
	install(t, in("usr/pgsql-19/bin"), "19.1")
	write(t, in("half/postgres"), "#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n", 0o755) // no initdb

	for name, tt := range map[string]struct {
		env   map[string]string
		major int
		bin   string
		place string
	}{
		"the user's choice": {map[string]string{"PGDUE_PG_BIN": in("chosen"), "PATH": in("path")}, 0, "chosen",
			"PGDUE_PG_BIN"},
		"PATH": {map[string]string{"PATH": "relative:" + in("half") + ":" + in("tools") + ":" +
			in("path")}, 0, "path", "PATH"},
		"pg_config": {map[string]string{"PATH": in("half") + ":" + in("tools")}, 0, "configured",
			"pg_config --bindir"},
		"Debian, highest first": {nil, 0, "usr/lib/postgresql/100/bin", "/usr/lib/postgresql/*/bin"},
		"the cluster's major": {map[string]string{"PATH": in("path")}, 15, "usr/lib/postgresql/15/bin",
			"/usr/lib/postgresql/*/bin"},
		"Homebrew": {map[string]string{"PATH": in("path")}, 17, "opt/homebrew/opt/postgresql@17/bin",
			"/opt/homebrew/opt/postgresql@*/bin"},
		"RPM": {nil, 19, "usr/pgsql-19/bin", "/usr/pgsql-*/bin"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := fakeSearch(root, tt.env).find(t.Context(), tt.major)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{in(tt.bin), tt.place}, []string{got.bin, got.place}); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsersChoiceIsNeverReplaced(t *testing.T) {
	t.Parallel()
	root := openDir(t)
	install(t, filepath.Join(root, "good"), "16.1")
	install(t, filepath.Join(root, "old"), "14.9")
	write(t, filepath.Join(root, "broken", "postgres"), "#!/bin/sh\necho no such library >&2; exit 1\n", 0o755)
	write(t, filepath.Join(root, "broken", "initdb"), "", 0o755)
	write(t, filepath.Join(root, "plain", "postgres"), "", 0o644)
	for dir, says := range map[string]string{
		"missing": "no such file",
		"old":     "PostgreSQL 14.9, needed is 15 or newer",
		"broken":  "no such library",
		"plain":   "is not executable",
	} {
		s := fakeSearch(root, map[string]string{"PGDUE_PG_BIN": filepath.Join(root, dir),
			"PATH": filepath.Join(root, "good")})
		got, err := s.find(t.Context(), 0)
		if err == nil {
			t.Errorf("%s: found %v", dir, got)
			continue
		}
		mustSay(t, err, "PGDUE_PG_BIN", filepath.Join(root, dir), says)
	}
	s := fakeSearch(root, map[string]string{"PGDUE_PG_BIN": filepath.Join(root, "good")})
	if got, err := s.find(t.Context(), 15); err == nil {
		t.Errorf("for a cluster of 15: found %v", got)
	} else {
		mustSay(t, err, "PGDUE_PG_BIN", "PostgreSQL 16.1, needed is 15")
	}
}

func TestNothingFoundListsPlacesAndRemedies(t *testing.T) {
	t.Parallel()
	root := openDir(t)
	install(t, filepath.Join(root, "usr/lib/postgresql/14/bin"), "14.9")
	_, err := fakeSearch(root, nil).find(t.Context(), 0)
	if err == nil {
		t.Fatal("found one")
	}
	mustSay(t, err, "no PostgreSQL 15 or newer", "PGDUE_PG_BIN: not set", "PATH: none", "pg_config --bindir: none",
		"postgresql/14/bin: PostgreSQL 14.9, needed is 15 or newer", "postgresql@*/bin: none", "/usr/pgsql-*/bin: none",
		"cached bundle: ", "download: there is none for plan9-mips",
		"install PostgreSQL 15", "set PGDUE_PG_BIN", "--database-url", "npm_config_registry", "HTTPS_PROXY")
	_, err = fakeSearch(root, nil).find(t.Context(), 16)
	mustSay(t, err, "no PostgreSQL 16\n", "PostgreSQL 14.9, needed is 16", "download: only of PostgreSQL 18",
		"install PostgreSQL 16")
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for out, want := range map[string]string{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n": "15.14 15",
		"postgres (PostgreSQL) 18beta1\n":                        "18beta1 18",
		"postgres (PostgreSQL) 9.6.24\n":                         "9.6.24 9",
		"EnterpriseThing 12\n":                                   " 0",
	} {
		version := parseVersion(out)
		if got := fmt.Sprint(version, " ", leadingInt(version)); got != want {
			t.Errorf("%q gives %q, want %q", out, got, want)
		}
	}
}

func TestDefaultDataDir(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", "/data")
	got, err := DefaultDataDir()
	if err != nil {
		t.Fatal(err)
	}
	want := "/data/pgdue/dev"
	if os.Geteuid() == 0 {
		want = "/var/lib/pgdue/dev"
	}
	if got != want {
		t.Errorf("DefaultDataDir() = %s, want %s", got, want)
	}
	t.Setenv("XDG_DATA_HOME", "relative") // to be ignored, says the XDG Base Directory Specification
	t.Setenv("HOME", "/home/ann")
	if got, err := DefaultDataDir(); err != nil || !filepath.IsAbs(got) || strings.Contains(got, "relative") {
		t.Errorf("DefaultDataDir() = %s, %v", got, err)
	}
}
