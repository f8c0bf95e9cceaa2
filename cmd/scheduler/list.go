package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newList() *cobra.Command {
	var (
		r     remote
		after string
		limit int
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the jobs, ordered by id",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := r.client().Jobs(cmd.Context(), after, limit)
			if err != nil {
				return fmt.Errorf("list jobs: %w", err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), page)
			}
			return printJobs(cmd, page)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().StringVar(&after, "after", "", "begin behind this `id`")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most, 1000 at once")
	return cmd
}

func printJobs(cmd *cobra.Command, page client.JobPage) error {
	if len(page.Items) == 0 {
		cmd.PrintErrln("no jobs; add one with `scheduler add ID --at now -- COMMAND`")
		return nil
	}
	t := newTable("ID", "STATE", "TRIGGER", "NEXT RUN", "RUNNING", "LAST", "PROBLEM")
	for _, j := range page.Items {
		last := strings.TrimSpace(j.LastOutcome + " " + j.LastReason)
		t.row(j.ID, j.State, j.Description, timeIn(j.NextRunTime, zoneOf(j)), runningOf(j), last, j.Problem)
	}
	if err := t.print(cmd.OutOrStdout()); err != nil {
		return err
	}
	if page.Next != "" {
		cmd.PrintErrf("there are more; see them with --after %s\n", page.Next)
	}
	return nil
}
