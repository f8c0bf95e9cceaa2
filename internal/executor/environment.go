package executor

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// defaultPath is the rest of a run's PATH when the node has none.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is all that the program of a gets to see of the world. Of the node's environment it holds PATH, HOME and
// LANG, never DATABASE_URL, PG* or anything else: what a program needs, its job declares. A declared name wins over
// these three; the PGDUE_* names of the run cannot be declared.
//
// A program that runs as another user has that one's HOME, USER and LOGNAME.
func environment(a *job.Attempt, url string, as *Account) map[string]string {
	env := map[string]string{
		"PATH": ownPath(),
		"LANG": cmp.Or(os.Getenv("LANG"), "C.UTF-8"),
	}
	if home, ok := os.LookupEnv("HOME"); ok {
		env["HOME"] = home
	}
	if as != nil {
		env["HOME"], env["USER"], env["LOGNAME"] = as.Home, as.Name, as.Name
	}
	maps.Copy(env, a.Definition.Work.(*job.Exec).Env)
	env["PGDUE_JOB_ID"] = a.JobID
	env["PGDUE_RUN_ID"] = a.RunID.String()
	env["PGDUE_ATTEMPT"] = strconv.Itoa(a.Attempt)
	env["PGDUE_SCHEDULED_RUN_TIME"] = a.ScheduledRunTime.UTC().Format(time.RFC3339Nano)
	env["PGDUE_FIRE_COUNT"] = strconv.FormatInt(a.FireCount, 10)
	env["PGDUE_FIRST_RUN_TIME"] = a.FirstRunTime.UTC().Format(time.RFC3339Nano)
	env["PGDUE_LAST_RUN_TIME"] = a.LastRunTime.UTC().Format(time.RFC3339Nano)
	if a.Payload != "" {
		env["PGDUE_PAYLOAD"] = a.Payload
	}
	if url != "" {
		env["PGDUE_URL"] = url
	}
	return env
}

// ownPath is the node's PATH with the directory of the running binary at its end, so that work finds the `scheduler`
// command of the node that runs it, and no program beside that shadows one of the system.
func ownPath() string {
	path := cmp.Or(os.Getenv("PATH"), defaultPath)
	if binary, err := os.Executable(); err == nil {
		path += string(filepath.ListSeparator) + filepath.Dir(binary)
	}
	return path
}

// assignments is env as a program gets it, in the order of the names.
func assignments(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// findProgram is the file that name stands for in a run that has this working directory and PATH. A name with a slash
// is a file, from dir on. Other names are looked up in the absolute directories of PATH; relative ones, and so the
// working directory, are passed over as in os/exec.
func findProgram(name, dir, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, checkProgram(name, dir)
	}
	var unusable error
	for _, entry := range filepath.SplitList(path) {
		file := filepath.Join(entry, name)
		info, err := os.Stat(file)
		if !filepath.IsAbs(entry) || err != nil || info.IsDir() {
			continue
		}
		if err = executable(file, info); err == nil {
			return file, nil
		}
		unusable = cmp.Or(unusable, err)
	}
	return "", cmp.Or(unusable, fmt.Errorf("program %q not found in the run's PATH (%s)", name, path))
}

// checkProgram says what keeps the file name, from dir on, from being started.
func checkProgram(name, dir string) error {
	file := name
	if !filepath.IsAbs(name) {
		file = filepath.Join(dir, name)
	}
	switch info, err := os.Stat(file); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("program %q does not exist on this node", file)
	case err != nil:
		return fmt.Errorf("program: %w", err)
	case info.IsDir():
		return fmt.Errorf("program %q is a directory", file)
	default:
		return executable(file, info)
	}
}

func executable(file string, info os.FileInfo) error {
	if info.Mode()&0o111 == 0 {
		return fmt.Errorf("program %q is not executable (its mode is %s)", file, info.Mode())
	}
	return nil
}
