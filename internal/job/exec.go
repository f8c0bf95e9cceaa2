package job

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pgdue/pgdue/internal/say"
)

// Exec runs a program.
type Exec struct {
	Command []string          `json:"command"`       // argv; the program is looked up in the PATH of the run
	Env     map[string]string `json:"env,omitempty"` // added to the run's environment
	Dir     string            `json:"dir,omitempty"` // working directory; "" is the node's
}

// KindExec is the kind of work that runs a program.
var KindExec = &Kind{
	Name:    "exec",
	New:     func() Work { return &Exec{} },
	Codes:   Codes{Prefix: "exit", Low: 1, High: 255, Examples: "exit:75, exit:64-78"},
	Example: `"exec": {"command": ["echo", "hello"]}`,
	Serve:   "scheduler serve --enable-exec --database-url …",
}

// Kind is KindExec.
func (e *Exec) Kind() *Kind { return KindExec }

// Queue is exec.
func (e *Exec) Queue() string { return KindExec.Name }

var validEnv = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (e *Exec) check(v *violations, field string) {
	if len(e.Command) == 0 || e.Command[0] == "" {
		v.add(field+".command", `is empty; give the program and its arguments, as in ["sleep", "60"]`)
	}
	for i, arg := range e.Command {
		if strings.ContainsRune(arg, 0) {
			v.add(fmt.Sprintf("%s.command[%d]", field, i), "holds a NUL byte, which no program can be given")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		switch {
		case !validEnv.MatchString(name):
			v.add(entry(field+".env", name), "%s is not a name of letters, digits and _ that begins with no digit",
				say.Quoted(name))
		case strings.HasPrefix(name, "PGDUE_"):
			v.add(entry(field+".env", name),
				"%s: names that begin with PGDUE_ are set by the scheduler; choose another", say.Quoted(name))
		case strings.ContainsRune(e.Env[name], 0):
			v.add(entry(field+".env", name), "holds a NUL byte, which no program can be given")
		}
	}
	if e.Dir != "" && (!filepath.IsAbs(e.Dir) || strings.ContainsRune(e.Dir, 0)) {
		v.add(field+".dir", "%s is not an absolute path; nodes start in different directories", say.Quoted(e.Dir))
	}
}
