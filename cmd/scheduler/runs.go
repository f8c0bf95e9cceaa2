package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newRuns() *cobra.Command {
	var (
		r      remote
		before string
		limit  int
	)
	cmd := &cobra.Command{
		Use:   "runs ID [RUN]",
		Short: "List the runs of a job, the latest end first: what became of each fire time, and why",
		Long: "Lists the runs of a job: those that wait or execute, then those that have ended, the latest end " +
			"first; what\n" +
			"became of each fire time, and why. -o wide also shows when each began and ended, and where.\n" +
			"With the id of a run, shows all its attempts, with their errors and what they printed.",
		Args: oneIDAndRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				if beside := changed(cmd, "before", "limit"); len(beside) > 0 {
					return usagef(cmd, "%s is for the list of runs; leave it out beside the id of a run", beside[0])
				}
				return showRun(cmd, &r, args[0], args[1])
			}
			c := r.client()
			page, err := c.Runs(cmd.Context(), args[0], before, limit)
			if err == nil && len(page.Items) == 0 {
				// the runs of a removed job stay, so an unknown id is not an error there
				_, err = c.Job(cmd.Context(), args[0])
			}
			if err != nil {
				return fmt.Errorf("list the runs of %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), page)
			}
			return printRunPage(cmd, &r, args[0], page)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().StringVar(&before, "before", "",
		"only runs that ended before this `time`, or the place that an earlier page named")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most, 1000 at once")
	return cmd
}

func oneIDAndRun(cmd *cobra.Command, args []string) error {
	if len(args) != 2 || args[1] == "" {
		return oneID(cmd, args)
	}
	return oneID(cmd, args[:1])
}

func printRunPage(cmd *cobra.Command, r *remote, id string, page client.RunPage) error {
	if len(page.Items) == 0 {
		cmd.PrintErrf("no runs of %s yet\n", id)
		return nil
	}
	if err := printRuns(r.out(cmd), page.Items, time.UTC, time.Now()); err != nil {
		return err
	}
	if page.Next != "" {
		cmd.PrintErrf("there are more; see them with --before %s\n", page.Next)
	}
	return nil
}

func printRuns(w io.Writer, runs []client.Run, zone *time.Location, now time.Time) error {
	t := newTable("RUN TIME", "OUTCOME", "REASON", "DURATION", "CAUSE", "STARTED", "ENDED", "NODE", "RUN",
		"WHAT HAPPENED")
	t.inWide, t.spare = []string{"CAUSE", "STARTED", "ENDED", "NODE"}, "RUN"
	for _, r := range runs {
		t.row(timeIn(r.ScheduledRunTime, zone), outcomeOf(r), r.Reason, durationOf(r, now), r.Cause,
			timeIn(r.StartedAt, zone), timeIn(r.EndedAt, zone), r.Node, r.RunID, storyOf(r))
	}
	return t.print(w)
}

// outcomeOf names the attempt of a run that is or was tried again, and how many fire times a record stands for.
func outcomeOf(r client.Run) string {
	outcome := r.Outcome
	if r.State != client.RunEnded {
		outcome = r.State
	}
	switch {
	case r.FireCount > 1:
		return fmt.Sprintf("%s ×%d", outcome, r.FireCount)
	case r.Attempt > 1 || r.State == client.RunEnded && !r.Final:
		return outcome + " #" + strconv.Itoa(r.Attempt)
	}
	return outcome
}

// durationOf is how long the attempt took, or takes so far by this machine's clock; "" for a run that executes nothing.
func durationOf(r client.Run, now time.Time) string {
	switch {
	case r.StartedAt.IsZero():
		return ""
	case r.State == client.RunRunning:
		return max(0, now.Sub(r.StartedAt)).Round(time.Second).String()
	case r.EndedAt.IsZero(): // between two attempts
		return ""
	}
	return cmp.Or(r.Duration, r.EndedAt.Sub(r.StartedAt).Round(time.Millisecond).String())
}

// storyOf is what happened in a sentence, or what happens.
func storyOf(r client.Run) string {
	switch {
	case r.Sentence != "":
		return r.Sentence
	case r.State == client.RunWaiting:
		return "waits for an instance"
	case r.State == client.RunRetrying:
		return fmt.Sprintf("waits for attempt %d until %s", r.Attempt+1, timeIn(r.NotBefore, time.UTC))
	case r.State == client.RunRunning && !r.CancelRequestedAt.IsZero():
		return fmt.Sprintf("runs on %s; %s asked for its end", r.Node, r.CancelRequestedBy)
	case r.State == client.RunRunning && r.Node != "":
		return "runs on " + r.Node
	}
	return r.Error
}
