package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

func newEvents() *cobra.Command {
	var (
		r      remote
		before int64
		limit  int
	)
	cmd := &cobra.Command{
		Use:   "events ID",
		Short: "List what was done to a job, newest first: when, by whom, and what it changed",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := r.client()
			page, err := c.Events(cmd.Context(), args[0], before, limit)
			if err == nil && len(page.Items) == 0 {
				// the events of a removed job stay, so an unknown id is not an error there
				_, err = c.Job(cmd.Context(), args[0])
			}
			if err != nil {
				return fmt.Errorf("list the events of %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), page)
			}
			if len(page.Items) == 0 {
				cmd.PrintErrf("no events of %s\n", args[0])
				return nil
			}
			if err := printEvents(r.out(cmd), page.Items); err != nil {
				return err
			}
			if page.Next != 0 {
				cmd.PrintErrf("there are more; see them with --before %d\n", page.Next)
			}
			return nil
		},
	}
	r.addFlags(cmd)
	cmd.Flags().Int64Var(&before, "before", 0,
		"only events before the one of this `number`, as an earlier page named it")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at most, 1000 at once")
	return cmd
}

func printEvents(w io.Writer, events []client.Event) error {
	t := newTable("TIME", "WHO", "WHAT", "WHY", "CHANGES")
	for _, e := range events {
		t.row(timeIn(e.At, time.UTC), e.Actor, e.Action, e.Reason, strings.Join(changesOf(e), ", "))
	}
	return t.print(w)
}

// quietColumns change with every edit, and tell a person nothing.
var quietColumns = []string{"revision", "updated_at", "due_at", "moved", "zone_rules"}

// changesOf lists what an event changed in the job's rows as "column: before → after". Of a job that was added or
// removed it lists nothing: all of it is new, or gone.
func changesOf(e client.Event) (changes []string) {
	if e.After == nil || e.Before == nil {
		return nil
	}
	names := slices.Collect(maps.Keys(e.After))
	for name := range e.Before {
		if _, known := e.After[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		old, now := valueText(e.Before[name]), valueText(e.After[name])
		if old != now && !slices.Contains(quietColumns, name) {
			changes = append(changes, fmt.Sprintf("%s: %s → %s", name, old, now))
		}
	}
	return changes
}

// maxValue is how many characters of a value are shown.
const maxValue = 60

// valueText shows a column's value in short: texts and times as they are, the rest as JSON, and none as "-".
func valueText(v any) string {
	var text string
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		text = v
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			text = timeIn(at, time.UTC)
		}
	default:
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(data)
	}
	if runes := []rune(text); len(runes) > maxValue {
		text = string(runes[:maxValue]) + "…"
	}
	return text
}
