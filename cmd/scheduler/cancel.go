package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newCancel() *cobra.Command {
	var (
		r       remote
		request client.CancelRequest
		all     bool
		wait    bool
	)
	cmd := &cobra.Command{
		Use:   "cancel ID RUN",
		Short: "Cancel a run that waits or executes, on whichever node; with --all every run of the job",
		Long: "Cancels a run. One that waits has ended then; one that executes is told to stop: a program gets " +
			"SIGTERM, then SIGKILL,\n" +
			"a request is aborted. `scheduler runs ID` lists the runs. The job's schedule stays as it is.",
		Example: "  scheduler cancel import 1176e6c4-7a40-5c1e-9b51-6c1c6f2f1d10 --reason 'the source is broken'\n" +
			"  scheduler cancel import --all",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && wait:
				return usagef(cmd, "--wait follows one run; leave it out beside --all")
			case all:
				return oneID(cmd, args)
			case len(args) != 2 || args[0] == "" || args[1] == "":
				return usagef(cmd, "give the ids of a job and its run, as `scheduler runs ID` lists them, or --all")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return cancelAll(cmd, &r, args[0], request)
			}
			return cancelOne(cmd, &r, args[0], args[1], request, wait)
		},
	}
	r.addEditFlags(cmd)
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`why`, for the run's record")
	cmd.Flags().BoolVar(&all, "all", false, "cancel every run of the job that has not ended")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the run has ended")
	return cmd
}

func cancelOne(cmd *cobra.Command, r *remote, id, runID string, request client.CancelRequest, wait bool) error {
	c := r.client()
	done, err := c.CancelRun(cmd.Context(), id, runID, request)
	if err == nil && wait {
		var run client.Run
		if run, err = follow(cmd.Context(), c, client.Run{JobID: id, RunID: runID}); err == nil {
			return printCancelled(cmd, r, run)
		}
	}
	if err != nil {
		return fmt.Errorf("cancel run %s of %s: %w", runID, id, err)
	}
	switch {
	case r.output == outputJSON:
		return printJSON(cmd.OutOrStdout(), done)
	case done.Asked > 0:
		fmt.Fprintf(cmd.OutOrStdout(), "run %s of %s is told to stop; see `scheduler runs %s %s`\n", runID, id, id,
			runID)
	default:
		fmt.Fprintf(cmd.OutOrStdout(), "run %s of %s is cancelled\n", runID, id)
	}
	return nil
}

// printCancelled shows how a run ended that was followed; it may have been faster than its cancelling.
func printCancelled(cmd *cobra.Command, r *remote, run client.Run) error {
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), run)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "run %s %s\n", run.RunID, oneLine(storyOf(run)))
	return nil
}

func cancelAll(cmd *cobra.Command, r *remote, id string, request client.CancelRequest) error {
	done, err := r.client().CancelRuns(cmd.Context(), id, request)
	if err != nil {
		return fmt.Errorf("cancel the runs of %s: %w", id, err)
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), done)
	}
	if done == (client.Cancellation{}) {
		fmt.Fprintf(cmd.OutOrStdout(), "%s has no run that could be cancelled\n", id)
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d cancelled, %d told to stop; see `scheduler runs %s`\n", done.Ended, done.Asked,
		id)
	return nil
}
