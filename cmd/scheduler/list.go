package main

import (
	"context"
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
			if cmd.Flags().Changed("limit") && limit < 1 {
				return usagef(cmd, "--limit %d lists nothing; leave it out to list all jobs", limit)
			}
			page, err := listJobs(cmd.Context(), r.client(), after, limit)
			if err != nil {
				return fmt.Errorf("list jobs: %w", err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), page)
			}
			return printJobs(cmd, &r, page)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().StringVar(&after, "after", "", "begin behind this `id`")
	cmd.Flags().IntVar(&limit, "limit", 0, "how many at most (default: all)")
	return cmd
}

// maxPage is how many jobs the scheduler answers at once.
const maxPage = 1000

// listJobs reads as many jobs as wanted, 0 for all, page by page. A job that is added or removed meanwhile may be among
// them or not.
func listJobs(ctx context.Context, c *client.Client, after string, limit int) (client.JobPage, error) {
	all := client.JobPage{Items: []client.Job{}, Next: after}
	for {
		size := maxPage
		if limit > 0 {
			size = min(size, limit-len(all.Items))
		}
		page, err := c.Jobs(ctx, all.Next, size)
		if err != nil {
			return all, err
		}
		all.Items, all.Next = append(all.Items, page.Items...), page.Next
		if all.Next == "" || len(all.Items) == limit {
			return all, nil
		}
	}
}

func printJobs(cmd *cobra.Command, r *remote, page client.JobPage) error {
	if len(page.Items) == 0 {
		cmd.PrintErrln("no jobs; add one with `scheduler add ID --at now -- COMMAND`")
		return nil
	}
	t := newTable("ID", "STATE", "TRIGGER", "NEXT RUN", "RUNNING", "DOES", "LABELS", "LAST", "PROBLEM")
	t.inWide = []string{"DOES", "LABELS"}
	for _, j := range page.Items {
		last := strings.TrimSpace(j.LastOutcome + " " + j.LastReason)
		t.row(j.ID, j.State, j.Description, timeIn(j.NextRunTime, zoneOf(j)), runningOf(j), workOf(j.JobDefinition),
			joined(j.Labels, "="), last, j.Problem)
	}
	if err := t.print(r.out(cmd)); err != nil {
		return err
	}
	if page.Next != "" {
		cmd.PrintErrf("there are more; see them with --after %s\n", page.Next)
	}
	return nil
}
