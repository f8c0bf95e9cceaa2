package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newSkipNext() *cobra.Command {
	var (
		r       remote
		request client.SkipNextRequest
	)
	cmd := &cobra.Command{
		Use:     "skip-next ID",
		Short:   "Skip a job's next fire, which is recorded at once; the one after it is next",
		Example: "  scheduler skip-next backup --reason 'the disk is being changed'",
		Args:    oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := r.client().SkipNext(cmd.Context(), args[0], request)
			if err != nil {
				return fmt.Errorf("skip the next fire of %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), j)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s will not run at %s; %s\n", j.ID, timeIn(j.LastFireTime, zoneOf(j)),
				nextOf(j))
			return nil
		},
	}
	r.addEditFlags(cmd)
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`why`, for those who read of it")
	return cmd
}

// nextOf says when a job runs next, or that it does not.
func nextOf(j client.Job) string {
	switch {
	case j.NextRunTime.IsZero() && (j.State == "finished" || j.State == "finishing"):
		return "it has no further fire and is " + j.State
	case j.NextRunTime.IsZero():
		return "no further fire is known"
	case j.State == "active":
		return "next run " + timeIn(j.NextRunTime, zoneOf(j))
	}
	return fmt.Sprintf("next run %s, but it is %s", timeIn(j.NextRunTime, zoneOf(j)), j.State)
}
