package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/say"
)

var execKind = workKind{
	name:    "exec",
	asked:   "a command after --, as in `-- sleep 60`",
	called:  "the command after --",
	beside:  "a command after --",
	give:    "a command with --env and --dir",
	command: "exec.command",
	fields:  []modifyField{{"env", "exec.env", asPairs("=")}, {"dir", "exec.dir", asText}},
	asks:    func(_ *cobra.Command, command []string) bool { return len(command) > 0 },
	flags:   func() workFlags { return &execFlags{} },
	allow: func(n *node, flags *pflag.FlagSet) {
		flags.BoolVar(&n.enableExec, "enable-exec", false, "run exec jobs: programs on this machine, as this user")
		flags.StringVar(&n.execUser, "exec-user", "",
			"with --enable-exec, as root: the `user` as whom programs run, instead of root")
	},
	offer: func(n *node) executor.Kind {
		if !n.enableExec {
			return nil
		}
		return &executor.Exec{URL: n.url(), As: n.account}
	},
}

// execFlags write a program.
type execFlags struct {
	env []string
	dir string
}

func (f *execFlags) addTo(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.env, "env", nil, "with a command: a `NAME=value` of its environment; repeatable")
	flags.StringVar(&f.dir, "dir", "", "with a command: its working `directory`, absolute")
}

func (f *execFlags) write(cmd *cobra.Command, d *client.JobDefinition, command []string) (err error) {
	d.Exec = &client.Exec{Command: command, Dir: f.dir}
	d.Exec.Env, err = pairs(cmd, "env", "=", f.env)
	return err
}

func (f *execFlags) show(d client.JobDefinition) string {
	if d.Exec == nil {
		return ""
	}
	words := joinedWords(d.Exec.Env)
	for _, word := range d.Exec.Command {
		words = append(words, say.ShellWord(word))
	}
	if d.Exec.Dir != "" {
		words = append(words, "(in "+say.ShellWord(d.Exec.Dir)+")")
	}
	return strings.Join(words, " ")
}

func joinedWords(env map[string]string) (words []string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		words = append(words, name+"="+say.ShellWord(env[name]))
	}
	return words
}
