package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/store"
)

func newMendClock() *cobra.Command {
	var apply bool
	cmd := &cobra.Command{
		Use:   "mend-clock",
		Short: "Find the jobs that a database clock that was set back has left too far ahead, and mend them",
		Long: "Finds the jobs whose next run lies further ahead than their triggers allow from now: they were\n" +
			"decided while the database's clock was ahead. With --apply each gets the next run that its trigger\n" +
			"allows, and an event tells of it. Fire times that were decided ahead of their time then come again.\n" +
			"What somebody moved or skipped ahead stays. See first that the database's clock is right now.",
		Example: "  scheduler mend-clock\n  scheduler mend-clock --apply",
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "write what is shown; without it nothing is")
	return withDatabase(cmd, func(cmd *cobra.Command, s *store.Store) error {
		if err := s.CheckSchema(cmd.Context()); err != nil {
			return err
		}
		return mendClock(cmd, s, apply)
	})
}

// mendClock shows each job that stands ahead, and with apply mends it.
func mendClock(cmd *cobra.Command, s *store.Store, apply bool) error {
	var found []policy.Look
	if err := s.FindAhead(cmd.Context(), func(l policy.Look) { found = append(found, l) }); err != nil {
		return fmt.Errorf("look for jobs that stand ahead: %w", err)
	}
	out := cmd.OutOrStdout()
	if len(found) == 0 {
		fmt.Fprintln(out, "no job stands further ahead than its trigger allows")
		return nil
	}
	t := newTable("JOB", "NEXT RUN", "ALLOWED")
	for _, l := range found {
		due, _ := l.Ahead()
		t.row(l.ID, timeIn(l.NextRunTime, time.UTC), timeIn(due, time.UTC))
	}
	if err := t.print(out); err != nil {
		return err
	}
	if !apply {
		fmt.Fprintf(out, "\nnothing was written; the database's time is %s: if that is right, `scheduler mend-clock "+
			"--apply` gives each job the next run that is allowed\n", timeIn(found[0].Now, time.UTC))
		return nil
	}
	mended, err := applyMend(cmd.Context(), s, found)
	fmt.Fprintf(out, "\n%d of %d jobs mended\n", mended, len(found))
	return err
}

// applyMend mends the jobs one by one, and goes on after one that is in somebody's hands.
func applyMend(ctx context.Context, s *store.Store, found []policy.Look) (mended int, errs error) {
	for _, l := range found {
		due, _ := l.Ahead()
		by := job.Author{Actor: whoAmI(), Reason: policy.AheadSentence(l.NextRunTime, due)}
		c, err := s.MendClock(ctx, l.ID, by)
		switch {
		case errors.Is(err, job.ErrNotFound): // removed meanwhile
		case err != nil:
			errs = errors.Join(errs, fmt.Errorf("mend %s: %w", l.ID, err))
		case !c.Nothing():
			mended++
		}
	}
	return mended, errs
}
