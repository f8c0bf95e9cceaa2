package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot builds the command line anew; commands keep no state outside of it.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "scheduler",
		Short:         "A persistent scheduler on PostgreSQL",
		SilenceErrors: true, // main prints them
		SilenceUsage:  true,
		Args:          unknownCommand,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newDev(),
		newServe(),
		newMigrate(),
		newMendClock(),
		newAdd(),
		newList(),
		newGet(),
		newRemove(),
		newRuns(),
		newWhy(),
		newAlerts(),
		newRunNow(),
		newCancel(),
		newModify(),
		newReschedule(),
		newSkipNext(),
		newEvents(),
		newPause(),
		newResume(),
		newPauses(),
		newPreview(),
		newVersion(),
	)
	return root
}

// usageError is a wrong call of a command.
type usageError struct{ message, command string }

func (e *usageError) Error() string { return fmt.Sprintf("%s; see `%s --help`", e.message, e.command) }

func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), cmd.CommandPath()}
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("there is no command %q", args[0])
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		message += ", did you mean " + strings.Join(similar, " or ") + "?"
	}
	return usagef(cmd, "%s", message)
}

// oneID is the argument check of commands that take the id of a job.
func oneID(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usagef(cmd, "give the id of one job, as in `%s 123`", cmd.CommandPath())
	}
	return nil
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "%q is one argument too many", args[0])
	}
	return nil
}
