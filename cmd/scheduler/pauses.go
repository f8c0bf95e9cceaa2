package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newPauses() *cobra.Command {
	var (
		r     remote
		limit int
	)
	cmd := &cobra.Command{
		Use:   "pauses",
		Short: "List what is paused: everything, labels, jobs; since when, by whom and why",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := r.client().Pauses(cmd.Context(), limit)
			if err != nil {
				return fmt.Errorf("list pauses: %w", err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), p)
			}
			return printPauses(cmd, &r, p)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().IntVar(&limit, "limit", 1000, "how many single jobs at most, 1000 at once")
	return cmd
}

func printPauses(cmd *cobra.Command, r *remote, p client.Pauses) error {
	if len(p.Items) == 0 {
		cmd.PrintErrln("nothing is paused")
		return nil
	}
	t := newTable("PAUSED", "SINCE", "BY", "REASON", "RESUME WITH")
	for _, i := range p.Items {
		t.row(i.What, timeIn(i.PausedAt, time.UTC), i.PausedBy, i.Reason, i.Resume)
	}
	if err := t.print(r.out(cmd)); err != nil {
		return err
	}
	if p.More {
		cmd.PrintErrln("there are more jobs; see them with --limit")
	}
	return nil
}

// pausedSince is "since 2026-03-01 09:00:00 UTC by ada: the receiver is being moved".
func pausedSince(p client.Pause) string {
	since := cmp.Or(timeIn(p.PausedAt, time.UTC), "a time that is not known") // paused by hand
	s := fmt.Sprintf("since %s by %s", since, cmp.Or(p.PausedBy, "somebody"))
	if p.Reason != "" {
		s += ": " + p.Reason
	}
	return s
}

// counted is "1 job" or "12 jobs".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
