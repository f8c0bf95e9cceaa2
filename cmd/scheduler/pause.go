package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newPause() *cobra.Command {
	var (
		r       remote
		request client.PauseRequest
	)
	cmd := &cobra.Command{
		Use:     "pause ID",
		Short:   "Pause a job: it begins no runs until it is resumed; what runs goes on",
		Example: "  scheduler pause ping --reason 'the receiver is being moved'",
		Args:    oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := r.client().PauseJob(cmd.Context(), args[0], request)
			if err != nil {
				return fmt.Errorf("pause %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), j)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "paused %s\n", j.ID)
			return nil
		},
	}
	r.addEditFlags(cmd)
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`why`, shown wherever the job is")
	return cmd
}

func newResume() *cobra.Command {
	var (
		r       remote
		request client.ResumeRequest
	)
	cmd := &cobra.Command{
		Use:   "resume ID",
		Short: "End a job's pause; fire times that were due meanwhile are recorded",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := r.client().ResumeJob(cmd.Context(), args[0], request)
			if err != nil {
				return fmt.Errorf("resume %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), j)
			}
			printAdded(cmd.OutOrStdout(), "resumed", j)
			return nil
		},
	}
	r.addEditFlags(cmd)
	cmd.Flags().BoolVar(&request.RunMissed, "run-missed", false, "run once for the fire times that were due meanwhile")
	return cmd
}
