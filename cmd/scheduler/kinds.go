package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/executor"
)

// workFlags are the flags that write one kind of work, and how the work is shown.
type workFlags interface {
	// addTo adds the flags.
	addTo(flags *pflag.FlagSet)
	// write writes the work into a definition.
	write(cmd *cobra.Command, d *client.JobDefinition, command []string) error
	// show is the work of a definition as one would type it; "" for work of another kind.
	show(d client.JobDefinition) string
}

// workKind is what the command line knows of a kind of work.
type workKind struct {
	name    string                                          // of its field in a definition
	asked   string                                          // how a user asks for it, in "say what the job does"
	called  string                                          // what of it stands on a command line: "--http"
	beside  string                                          // with what its other flags go: "a command after --"
	give    string                                          // how to give it whole
	command string                                          // where the command after -- stands in a job; "": nowhere
	fields  []modifyField                                   // what its flags change
	asks    func(cmd *cobra.Command, command []string) bool // whether a command line asks for such work, whole
	flags   func() workFlags                                // with the values of one command
	allow   func(*node, *pflag.FlagSet)                     // adds the flags of serve that turn it on; nil: it is on
	offer   func(*node) executor.Kind                       // who does it on a node; nil where the node does not
}

// kinds are all kinds of work, in the order in which they are told of.
var kinds = []workKind{execKind, httpKind}

// newWork is the flags of all kinds of work, for one command.
func newWork() []workFlags {
	var all []workFlags
	for _, k := range kinds {
		all = append(all, k.flags())
	}
	return all
}

// writeWork writes the one kind of work that a command line asks for.
func writeWork(cmd *cobra.Command, work []workFlags, d *client.JobDefinition, command []string) error {
	var given []int
	for i, k := range kinds {
		if k.asks(cmd, command) {
			given = append(given, i)
		}
	}
	switch len(given) {
	case 0:
		return usagef(cmd, "say what the job does: %s", each(", or ", func(k workKind) string { return k.asked }))
	case 1:
	default:
		return usagef(cmd, "%s and %s exclude each other; a job does one thing", kinds[given[1]].called,
			kinds[given[0]].called)
	}
	for i, k := range kinds {
		if others := changed(cmd, k.flagNames()...); i != given[0] && len(others) > 0 {
			return usagef(cmd, "%s goes with %s only", others[0], k.beside)
		}
	}
	return work[given[0]].write(cmd, d, command)
}

// flagNames are the flags of a kind of work.
func (k *workKind) flagNames() (names []string) {
	for _, f := range k.fields {
		names = append(names, f.flag)
	}
	return names
}

// workOf is what a job does, as one would type it.
func workOf(d client.JobDefinition) string {
	for _, w := range newWork() {
		if text := w.show(d); text != "" {
			return text
		}
	}
	return ""
}

// offers are those who do work on a node.
func (n *node) offers() (list []executor.Kind) {
	for _, k := range kinds {
		if does := k.offer(n); does != nil {
			list = append(list, does)
		}
	}
	return list
}

// each joins what is said of each kind of work.
func each(separator string, text func(workKind) string) string {
	texts := make([]string, len(kinds))
	for i, k := range kinds {
		texts[i] = text(k)
	}
	return strings.Join(texts, separator)
}
