package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

// showRun is `scheduler runs ID RUN`: all attempts of one run, with what they printed.
func showRun(cmd *cobra.Command, r *remote, id, runID string) error {
	detail, err := r.client().Run(cmd.Context(), id, runID)
	if err != nil {
		return fmt.Errorf("show run %s of %s: %w", runID, id, err)
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), detail)
	}
	for i, attempt := range detail.Items {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := printAttempt(r.out(cmd), attempt, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

func printAttempt(w io.Writer, r client.Run, now time.Time) error {
	t := newTable()
	line := func(name, value string) {
		if value != "" {
			t.row(name, value)
		}
	}
	line("Run", r.RunID)
	line("Attempt", strconv.Itoa(r.Attempt))
	line("Cause", r.Cause)
	line("Run time", timeIn(r.ScheduledRunTime, time.UTC))
	line("Outcome", outcomeOf(r))
	line("Reason", r.Reason)
	line("Node", r.Node)
	line("Began", timeIn(r.StartedAt, time.UTC))
	line("Ended", timeIn(r.EndedAt, time.UTC))
	line("Duration", durationOf(r, now))
	line("What happened", storyOf(r))
	if r.Error != storyOf(r) {
		line("Error", r.Error)
	}
	if r.Status != nil {
		line("Status", strconv.Itoa(*r.Status))
	}
	if err := t.print(w); err != nil || r.Output == "" {
		return err
	}
	_, err := fmt.Fprintf(w, "Output\n\n%s\n", printable(r.Output))
	return err
}
