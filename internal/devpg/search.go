package devpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldest is the oldest major version of PostgreSQL that will do.
const oldest = 15

// installation is a directory with PostgreSQL's programs.
type installation struct {
	bin     string
	version string // "15.14"
	major   int
	place   string // in which of the places it was found
}

// search finds an installation. Its fields are the world it looks at.
type search struct {
	root    string // "/"
	getenv  func(string) string
	account account // who must be able to run the programs
	bundles *bundles
}

func newSearch(c Config, a account) *search {
	return &search{root: "/", getenv: os.Getenv, account: a, bundles: newBundles(c, a)}
}

// find returns the first installation of the major version, or of any that will do for 0. Its error lists every place
// and what was there, and the remedies.
func (s *search) find(ctx context.Context, major int) (installation, error) {
	if dir := s.getenv("PGDUE_PG_BIN"); dir != "" {
		return s.chosen(ctx, dir, major)
	}
	r := report{major: major}
	for _, place := range s.places(ctx) {
		for _, dir := range place.dirs {
			if install, err := s.probe(ctx, dir, major); err == nil {
				install.place = place.name
				return install, nil
			} else {
				r.add(place.name, err)
			}
		}
		if len(place.dirs) == 0 {
			r.add(place.name, errors.New("none"))
		}
	}
	if ctx.Err() != nil {
		return installation{}, fmt.Errorf("search for PostgreSQL: %w", context.Cause(ctx))
	}
	return s.bundles.find(ctx, s, &r)
}

// chosen is the directory that the user named; nothing stands in for it.
func (s *search) chosen(ctx context.Context, dir string, major int) (installation, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return installation{}, fmt.Errorf("PGDUE_PG_BIN: %w", err)
	}
	install, err := s.probe(ctx, dir, major)
	if err != nil {
		return installation{}, fmt.Errorf("PGDUE_PG_BIN names no usable PostgreSQL (give the directory that "+
			"holds postgres "+
			"and initdb, or unset it to search for one): %w", err)
	}
	install.place = "PGDUE_PG_BIN"
	return install, nil
}

// place is one entry of the search order and the directories that it stands for here.
type place struct {
	name string
	dirs []string
}

func (s *search) places(ctx context.Context) []place {
	places := []place{{"PATH", s.pathDirs()}, {"pg_config --bindir", s.pgConfig(ctx)}}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                               // Debian, Ubuntu
		"/opt/homebrew/opt/postgresql@*/bin",                      // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",                         // Homebrew on Intel
		"/usr/pgsql-*/bin",                                        // PostgreSQL's RPMs
		"/usr/lib/postgresql[1-9]*/bin",                           // SUSE
		"/usr/libexec/postgresql[1-9]*",                           // Alpine
		"/Applications/Postgres.app/Contents/Versions/[1-9]*/bin", // Postgres.app
	} {
		places = append(places, place{pattern, s.glob(pattern)})
	}
	return places
}

// pathDirs are the directories of PATH that hold both programs; most hold neither.
func (s *search) pathDirs() []string {
	var dirs []string
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		// As in os/exec, a relative entry is not a place to run programs from.
		if filepath.IsAbs(dir) && executable(filepath.Join(dir, "postgres")) == nil &&
			executable(filepath.Join(dir, "initdb")) == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// pgConfig asks the first pg_config of PATH.
func (s *search) pgConfig(ctx context.Context) []string {
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		program := filepath.Join(dir, "pg_config")
		if !filepath.IsAbs(dir) || executable(program) != nil {
			continue
		}
		cmd := exec.CommandContext(ctx, program, "--bindir")
		cmd.Env = []string{"PATH=" + s.getenv("PATH")}
		if out, err := cmd.Output(); err == nil {
			return []string{strings.TrimSpace(string(out))}
		}
	}
	return nil
}

// glob returns the directories that match, those with the highest version in their path first.
func (s *search) glob(pattern string) []string {
	dirs, _ := filepath.Glob(filepath.Join(s.root, pattern)) // the patterns are well-formed
	slices.SortStableFunc(dirs, func(a, b string) int { return pathVersion(b) - pathVersion(a) })
	return dirs
}

// pathVersion is the first number in the last element of the path that has one: 16 in …/postgresql@16/bin.
func pathVersion(path string) int {
	for ; path != filepath.Dir(path); path = filepath.Dir(path) {
		name := filepath.Base(path)
		if i := strings.IndexAny(name, "0123456789"); i >= 0 {
			return leadingInt(name[i:])
		}
	}
	return 0
}

func leadingInt(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}

// probe returns the installation in dir if the account can run it and it is of the wanted major version, or for 0 of a
// sufficient one.
func (s *search) probe(ctx context.Context, dir string, major int) (installation, error) {
	for _, program := range []string{"postgres", "initdb"} {
		if err := executable(filepath.Join(dir, program)); err != nil {
			return installation{}, err
		}
	}
	if err := s.account.reach(dir); err != nil {
		return installation{}, err
	}
	out, err := run(ctx, s.account, filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return installation{}, err
	}
	install := installation{bin: dir, version: parseVersion(out)}
	install.major = leadingInt(install.version)
	return install, install.fits(major)
}

// parseVersion returns "15.14" of "postgres (PostgreSQL) 15.14 (Debian 15.14-1)".
func parseVersion(out string) string {
	_, rest, _ := strings.Cut(out, "(PostgreSQL) ")
	version, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return version
}

func (i installation) fits(major int) error {
	switch {
	case i.major == 0:
		return fmt.Errorf("%s: postgres --version names no version", i.bin)
	case major != 0 && i.major != major:
		return fmt.Errorf("%s: PostgreSQL %s, needed is %d", i.bin, i.version, major)
	case i.major < oldest:
		return fmt.Errorf("%s: PostgreSQL %s, needed is %d or newer", i.bin, i.version, oldest)
	}
	return nil
}

// executable returns nil for a file that somebody may execute.
func executable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not executable", path)
	}
	return nil
}
