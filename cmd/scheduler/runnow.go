package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

// followEvery is how often --wait looks at the run.
const followEvery = 250 * time.Millisecond

func newRunNow() *cobra.Command {
	var (
		r       remote
		wait    bool
		payload string
	)
	cmd := &cobra.Command{
		Use:   "run-now ID [--payload TEXT|@FILE|-]",
		Short: "Run a job now; its schedule stays as it is",
		Long: "Asks for a run of a job. It begins as soon as an instance is free, on any node that serves the job.\n" +
			"With --wait the command follows the run to its end and exits with its status: 0 when it succeeded, a " +
			"program's exit\n" +
			"status when that is not 0, else 1.\n" +
			"What --payload gives to the run, a program finds as PGDUE_PAYLOAD in its environment; a request has " +
			"it as its body.",
		Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readText(payload, cmd.InOrStdin())
			if err != nil {
				return fmt.Errorf("--payload: %w", err)
			}
			run, err := r.client().RunNow(cmd.Context(), args[0], client.RunRequest{Payload: text})
			if err == nil && wait {
				run, err = follow(cmd.Context(), r.client(), run)
			}
			if err != nil {
				return fmt.Errorf("run %s now: %w", args[0], err)
			}
			return printRunNow(cmd, &r, run)
		},
	}
	r.addEditFlags(cmd)
	cmd.Flags().BoolVar(&wait, "wait", false, "wait for the end of the run, and exit with its status")
	cmd.Flags().StringVar(&payload, "payload", "",
		"`text` for the run, at most 64 KiB; @file reads it from a file, - from stdin")
	return cmd
}

// readText is the text of a flag, or what stands in the file that it names after @, or at stdin for -.
func readText(text string, stdin io.Reader) (string, error) {
	var data []byte
	var err error
	switch file, named := strings.CutPrefix(text, "@"); {
	case text == "-":
		data, err = io.ReadAll(stdin)
	case named:
		data, err = os.ReadFile(file)
	default:
		return text, nil
	}
	if err == nil && !utf8.Valid(data) {
		err = errors.New("it is not UTF-8 text; encode it, as in base64")
	}
	return string(data), err
}

// follow looks at a run until its final record is there. A run that is between its rows, as in the moment in which it
// ends, is looked at again.
func follow(ctx context.Context, c *client.Client, run client.Run) (client.Run, error) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		detail, err := c.Run(ctx, run.JobID, run.RunID)
		if err != nil && !client.IsNotFound(err) {
			return run, fmt.Errorf("follow run %s: %w", run.RunID, err)
		}
		for _, r := range detail.Items {
			if run = r; r.Final {
				return r, nil
			}
		}
		select {
		case <-ctx.Done():
			return run, fmt.Errorf("run %s goes on: %w; see `scheduler runs %s %s`", run.RunID, ctx.Err(), run.JobID,
				run.RunID)
		case <-tick.C:
		}
	}
}

// runError is a run that did not succeed.
type runError struct{ run client.Run }

func (e *runError) Error() string {
	return fmt.Sprintf("run %s of %s ended as %s", e.run.RunID, e.run.JobID, e.run.Outcome)
}

// exitCode is a program's exit status. An HTTP status is none: exit codes end at 255.
func (e *runError) exitCode() int {
	if s := e.run.Status; e.run.Outcome == "failed" && s != nil && 0 < *s && *s <= 255 {
		return *s
	}
	return exitError
}

func printRunNow(cmd *cobra.Command, r *remote, run client.Run) error {
	if r.output == outputJSON {
		if err := printJSON(cmd.OutOrStdout(), run); err != nil {
			return err
		}
	} else if run.State == client.RunEnded {
		fmt.Fprintf(cmd.OutOrStdout(), "run %s %s\n", run.RunID, oneLine(storyOf(run)))
		if run.Output != "" {
			fmt.Fprintln(cmd.OutOrStdout(), printable(run.Output))
		}
	} else {
		fmt.Fprintf(cmd.OutOrStdout(),
			"run %s of %s begins as soon as an instance is free; see `scheduler runs %s %s`\n",
			run.RunID, run.JobID, run.JobID, run.RunID)
	}
	if run.State == client.RunEnded && run.Outcome != "succeeded" {
		return &runError{run}
	}
	return nil
}
