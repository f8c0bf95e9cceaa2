package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newWhy() *cobra.Command {
	var (
		r  remote
		at string
	)
	cmd := &cobra.Command{
		Use:   "why ID",
		Short: "Say why a job does not run, or did not: what stands in the way, and how to remove it",
		Long: "Says why a job does not run, or did not: what stands in the way with the evidence and the remedy, " +
			"what holds its\n" +
			"instances, what became of its latest fire times, and when it fires next. With --at also what became of " +
			"one fire time.",
		Example: "  scheduler why 123\n  scheduler why report --at 2027-03-01T09:00:00",
		Args:    oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			when, err := asksAt(cmd, &r, args[0], at)
			if err != nil {
				return err
			}
			w, err := r.client().Why(cmd.Context(), args[0], when)
			if err != nil {
				return fmt.Errorf("ask about %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), w)
			}
			return printWhy(r.out(cmd), w)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().StringVar(&at, "at", "",
		"also what became of the fire time at this `time`: RFC 3339, or local to the job's time zone")
	return cmd
}

// asksAt reads --at. A time without a zone is one of the job's, which the scheduler is asked for.
func asksAt(cmd *cobra.Command, r *remote, id, at string) (time.Time, error) {
	if at == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err == nil {
		if y := t.UTC().Year(); y < 1970 || y > 2199 {
			return time.Time{}, usagef(cmd, "--at: the year %d is outside 1970 to 2199", y)
		}
		return t, nil
	}
	if _, err := momentOf(at, ""); err != nil {
		return time.Time{}, usagef(cmd, "--at: %v", err)
	}
	zone, err := zoneOfJob(cmd.Context(), r, id)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask about %s: %w", id, err)
	}
	return momentOf(at, zone.String())
}

// zoneOfJob is that of a job's trigger; UTC where there is no such job, of which the answer says more.
func zoneOfJob(ctx context.Context, r *remote, id string) (*time.Location, error) {
	j, err := r.client().Job(ctx, id)
	if err != nil && !client.IsNotFound(err) {
		return nil, err
	}
	return zoneOf(j), nil
}

// printWhy prints what is urgent first. It breaks no lines, so that what is to be copied can be.
func printWhy(w io.Writer, a client.Why) error {
	fmt.Fprintln(w, oneLine(a.Verdict))
	printFindings(w, "In the way", a.Findings, true)
	printFindings(w, "To know", a.Findings, false)
	zone := zoneNamed(a.Next.Timezone)
	if err := printInstances(w, a); err != nil {
		return err
	}
	if a.At != nil {
		fmt.Fprintf(w, "\nAt %s\n  %s\n", inZoneAndUTC(a.At.At, zone), oneLine(a.At.Sentence))
	}
	if len(a.Fires) > 0 {
		fmt.Fprintln(w, "\nWhat happened, the latest first")
		if err := printRuns(w, a.Fires, zone, a.Now); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return printNext(w, a, zone)
}

func printFindings(w io.Writer, title string, findings []client.Finding, blocks bool) {
	for _, f := range findings {
		if f.Blocks != blocks {
			continue
		}
		if title != "" {
			fmt.Fprintf(w, "\n%s\n", title)
			title = ""
		}
		fmt.Fprintf(w, "  %s: %s\n", f.Code, oneLine(f.Sentence))
		if f.Remedy != "" {
			fmt.Fprintf(w, "      remedy: %s\n", oneLine(f.Remedy))
		}
	}
}

// shownInstances is how many running instances are listed.
const shownInstances = 20

func printInstances(w io.Writer, a client.Why) error {
	if len(a.Running) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nRunning now: %d of at most %d\n", len(a.Running), a.Next.MaxInstances)
	t := newTable("RUN", "SINCE", "FOR", "ATTEMPT", "NODE", "STATE")
	t.spare = "RUN"
	for _, i := range a.Running[:min(len(a.Running), shownInstances)] {
		state := i.State
		if !i.NotBefore.IsZero() && i.State == client.RunRetrying {
			state += " at " + timeIn(i.NotBefore, time.UTC)
		}
		if !i.CancelRequestedAt.IsZero() {
			state += fmt.Sprintf("; %s asked for its end at %s", i.CancelRequestedBy,
				timeIn(i.CancelRequestedAt, time.UTC))
		}
		t.row(i.RunID, timeIn(i.StartedAt, time.UTC), max(0, a.Now.Sub(i.StartedAt)).Round(time.Second).String(),
			strconv.Itoa(i.Attempt), i.Node, state)
	}
	if err := t.print(w); err != nil {
		return err
	}
	if more := len(a.Running) - shownInstances; more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	return nil
}

func printNext(w io.Writer, a client.Why, zone *time.Location) error {
	t := newTable()
	next := "none is known"
	if !a.Next.At.IsZero() {
		next = inZoneAndUTC(a.Next.At, zone)
	}
	t.row("Next run", next)
	if a.Next.Description != "" {
		t.row("Trigger", a.Next.Description)
	}
	t.row("Database time", timeIn(a.Now, time.UTC))
	return t.print(w)
}

// zoneNamed is UTC for a zone that this program does not know.
func zoneNamed(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
