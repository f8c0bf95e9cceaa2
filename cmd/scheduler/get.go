package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

// lastRuns is how many runs the page of a job shows.
const lastRuns = 5

func newGet() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "get ID",
		Short: "Show a job: its definition, state, next run time and last runs",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := r.client()
			j, err := c.Job(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("get %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), j)
			}
			runs, err := c.Runs(cmd.Context(), args[0], "", lastRuns)
			if err != nil {
				return fmt.Errorf("get the runs of %s: %w", args[0], err)
			}
			alerts, err := c.Alerts(cmd.Context(), args[0], 0, alertsOnPage)
			if err != nil {
				return fmt.Errorf("get the alerts of %s: %w", args[0], err)
			}
			return printJob(r.out(cmd), j, runs.Items, failingOf(j, alerts.Items), time.Now())
		},
	}
	r.addFlags(cmd)
	return cmd
}

func printJob(w io.Writer, j client.Job, runs []client.Run, failing string, now time.Time) error {
	t := newTable()
	line := func(name, value string) {
		if value != "" {
			t.row(name, value)
		}
	}
	line("Job", j.ID)
	line("State", j.State)
	if !j.PausedAt.IsZero() {
		line("Paused", strings.TrimRight(fmt.Sprintf("%s by %s: %s", timeIn(j.PausedAt, time.UTC), j.PausedBy,
			j.PausedReason), ": "))
		line("Paused with", j.PausedWith)
	}
	line("Failing", failing)
	line("Problem", j.Problem)
	line("Error", j.Error)
	line("Trigger", j.Description)
	line("Next run", inZoneAndUTC(j.NextRunTime, zoneOf(j)))
	line("Last run", inZoneAndUTC(j.LastRunTime, zoneOf(j)))
	if j.LastFireTime.After(j.LastRunTime) {
		line("Decided up to", inZoneAndUTC(j.LastFireTime, zoneOf(j)))
	}
	line("Running", strings.Replace(runningOf(j), "/", " of at most ", 1))
	if j.Waiting > 0 {
		line("Waiting", fmt.Sprint(j.Waiting))
	}
	line("Does", workOf(j.JobDefinition))
	policyLines(&j.JobDefinition, line)
	line("Labels", joined(j.Labels, "="))
	line("Created", timeIn(j.CreatedAt, time.UTC))
	line("Updated", timeIn(j.UpdatedAt, time.UTC))
	if err := t.print(w); err != nil || len(runs) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return printRuns(w, runs, zoneOf(j), now)
}

// inZoneAndUTC shows a time twice unless the zone is UTC.
func inZoneAndUTC(t time.Time, zone *time.Location) string {
	if t.IsZero() || zone == time.UTC {
		return timeIn(t, time.UTC)
	}
	return fmt.Sprintf("%s (%s)", timeIn(t, zone), timeIn(t, time.UTC))
}

func joined(m map[string]string, separator string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, name+separator+m[name])
	}
	return strings.Join(parts, ", ")
}
