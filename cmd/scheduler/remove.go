package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newRemove() *cobra.Command {
	var (
		r      remote
		reason string
	)
	cmd := &cobra.Command{
		Use:   "remove ID",
		Short: "Remove a job; what runs is not stopped, and its history stays",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.client().RemoveJob(cmd.Context(), args[0], reason); err != nil {
				return fmt.Errorf("remove %s: %w", args[0], err)
			}
			if r.output == outputTable {
				fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", args[0])
			}
			return nil
		},
	}
	r.addEditFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for those who read of it")
	return cmd
}
