package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newAlerts() *cobra.Command {
	var (
		r      remote
		before int64
		limit  int
	)
	cmd := &cobra.Command{
		Use:   "alerts ID",
		Short: "List the alerts of a job, newest first: what was found, and whether its URL was told",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := r.client()
			page, err := c.Alerts(cmd.Context(), args[0], before, limit)
			if err == nil && len(page.Items) == 0 {
				// the alerts of a removed job stay, so an unknown id is not an error there
				_, err = c.Job(cmd.Context(), args[0])
			}
			if err != nil {
				return fmt.Errorf("list the alerts of %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), page)
			}
			return printAlerts(cmd, &r, args[0], page)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().Int64Var(&before, "before", 0, "the `place` that an earlier page named")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most, 1000 at once")
	return cmd
}

func printAlerts(cmd *cobra.Command, r *remote, id string, page client.AlertPage) error {
	if len(page.Items) == 0 {
		cmd.PrintErrf("no alerts of %s; on_failure says when there are any\n", id)
		return nil
	}
	t := newTable("FOUND", "ALERT", "CALL", "ATTEMPTS", "WHAT HAPPENED", "LAST ERROR")
	for _, a := range page.Items {
		t.row(timeIn(a.At, time.UTC), a.Alert, a.State, strconv.Itoa(a.Attempts), a.Sentence, a.LastError)
	}
	if err := t.print(r.out(cmd)); err != nil {
		return err
	}
	if page.Next != 0 {
		cmd.PrintErrf("there are more; see them with --before %d\n", page.Next)
	}
	return nil
}

// alertsOnPage is how many alerts are looked at for the line on a job's page.
const alertsOnPage = 100

// failingOf says since when a job is known to fail, "" when it is not: by its alerts, newest first, since the latest
// recovery of this job. Older ones belong to an earlier job of the id.
func failingOf(j client.Job, alerts []client.Alert) string {
	var told client.Alert // the first of them, and the only one that was told of
	for _, a := range alerts {
		if a.Alert == client.AlertRecovery || a.At.Before(j.CreatedAt) {
			break
		}
		told = a
	}
	if told.ID == "" {
		return ""
	}
	what := ""
	if told.Alert == client.AlertFailure {
		what = fmt.Sprintf(" (%d in a row)", told.Failures)
	}
	call := map[string]string{
		"no_call": "found at ", "pending": "to be told since ", "given_up": "told nobody, the call was given up at ",
		"delivered": "told at ",
	}[told.State]
	at := told.EndedAt
	if at.IsZero() {
		at = told.At
	}
	return fmt.Sprintf("since %s%s, %s%s", timeIn(told.Since, time.UTC), what, call, timeIn(at, time.UTC))
}
