package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/trigger"
)

const previewExamples = `  scheduler preview '0 9 * * mon-fri' --tz Europe/Stockholm --count 10
  scheduler preview '30 2 * * *' --tz Europe/Stockholm --around-dst
  scheduler preview --trigger '{"type":"calendar","months":1,"at":"09:00","start":"2026-01-31"}'`

// previewFlags are those of `scheduler preview`, which asks no server.
type previewFlags struct {
	timezone, from, trigger string
	count                   int
	aroundDST               bool
	output                  outputFormat
}

func newPreview() *cobra.Command {
	f := previewFlags{output: outputTable}
	cmd := &cobra.Command{
		Use:     "preview (CRONTAB | --trigger JSON)",
		Short:   "Show when a trigger will fire; needs no server",
		Example: previewExamples,
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.timezone, "timezone", "",
		"IANA `name` of the time zone of the crontab text (also --tz; default UTC)")
	flags.SetNormalizeFunc(shortZone)
	flags.StringVar(&f.from, "from", "", "from this `time` on, inclusive, RFC 3339 (default now)")
	flags.IntVar(&f.count, "count", 10, "how many fire times, 1 to 1000")
	flags.BoolVar(&f.aroundDST, "around-dst", false,
		"show the fire times next to the zone's next two changes of the clocks")
	flags.StringVar(&f.trigger, "trigger", "", "any trigger in its `JSON` form, - for stdin")
	flags.VarP(&f.output, "output", "o", "`format` of the output: table or json")
	return cmd
}

func (f *previewFlags) run(cmd *cobra.Command, args []string) error {
	t, err := f.parse(cmd, args)
	if err != nil {
		return err
	}
	from, never := time.Now().Truncate(time.Second), (*trigger.Trigger).Never
	if f.from != "" {
		never = (*trigger.Trigger).NeverFrom
		if from, err = time.Parse(time.RFC3339, f.from); err != nil {
			return usagef(cmd, "--from %q is not RFC 3339, as in 2026-03-01T09:00:00Z", f.from)
		}
	}
	if y := from.UTC().Year(); y < 1970 || y > 2199 {
		return usagef(cmd, "--from: the year %d is outside 1970 to 2199", y)
	}
	if whole := from.Truncate(time.Microsecond); whole.Before(from) { // fire times have no finer ones
		from = whole.Add(time.Microsecond)
	}
	if f.count < 1 || f.count > 1000 {
		return usagef(cmd, "--count %d is outside 1 to 1000", f.count)
	}
	t = t.Anchored(from)
	if err := never(t); err != nil {
		return fmt.Errorf("the trigger will never fire: %w", err)
	}
	if f.aroundDST {
		return f.printAroundDST(cmd, t, from)
	}
	return f.printFires(cmd, t, from)
}

func (f *previewFlags) parse(cmd *cobra.Command, args []string) (*trigger.Trigger, error) {
	var w *client.Trigger
	switch {
	case f.trigger != "" && (len(args) > 0 || f.timezone != ""):
		return nil, usagef(cmd, "--trigger says it all; leave out the crontab text and --timezone")
	case f.trigger != "":
		var err error
		if w, err = readTrigger(f.trigger, cmd.InOrStdin()); err != nil {
			return nil, err
		}
	case len(args) == 1:
		w = &client.Trigger{Type: client.TriggerCron, Expression: args[0], Timezone: f.timezone}
	default:
		return nil, usagef(cmd,
			"give one crontab text in quotes, as in `scheduler preview '0 9 * * mon-fri'`, or --trigger")
	}
	data, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write the trigger: %w", err)
	}
	t, err := trigger.Parse(data)
	var te *trigger.Error
	if errors.As(err, &te) && te.Field == "expression" && f.trigger == "" {
		return nil, usagef(cmd, "%s", te.Message)
	}
	return t, err
}

func (f *previewFlags) printFires(cmd *cobra.Command, t *trigger.Trigger, from time.Time) error {
	p := t.Preview(cmd.Context(), from, f.count)
	if f.output == outputJSON {
		out := client.Preview{Description: t.String(), Fires: wireFires(p.Fires), Exhausted: p.Exhausted,
			LookedTo: p.LookedTo}
		return printJSON(cmd.OutOrStdout(), out)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n", t)
	if err := fireTable(p.Fires).print(cmd.OutOrStdout()); err != nil {
		return err
	}
	switch {
	case p.Exhausted:
		fmt.Fprintln(cmd.OutOrStdout(), "and never again")
	case !p.LookedTo.IsZero():
		fmt.Fprintf(cmd.OutOrStdout(), "and no other fire was found up to %s, which is how far was looked\n",
			timeIn(p.LookedTo, t.Location()))
	}
	return nil
}

func (f *previewFlags) printAroundDST(cmd *cobra.Command, t *trigger.Trigger, from time.Time) error {
	transitions := t.AroundDST(cmd.Context(), from)
	if f.output == outputJSON {
		type transition struct {
			At    time.Time     `json:"at"`
			Text  string        `json:"text"`
			Fires []client.Fire `json:"fires"`
		}
		list := make([]transition, len(transitions))
		for i, tr := range transitions {
			list[i] = transition{tr.At, tr.Text, wireFires(tr.Fires)}
		}
		return printJSON(cmd.OutOrStdout(), list)
	}
	fmt.Fprintln(cmd.OutOrStdout(), t)
	if len(transitions) == 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "\nthe clocks of %s do not change any more\n", t.Location())
	}
	for _, tr := range transitions {
		fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n\n", strings.ToUpper(tr.Text[:1])+tr.Text[1:])
		if err := fireTable(tr.Fires).print(cmd.OutOrStdout()); err != nil {
			return err
		}
	}
	return nil
}

func fireTable(fires []trigger.Fire) *table {
	t := newTable("LOCAL", "UTC", "NOTE")
	for _, f := range fires {
		t.row(f.Local.Format("Mon 2006-01-02 15:04:05.999999 MST"), f.At.Format("2006-01-02 15:04:05.999999 MST"),
			f.Note)
	}
	return t
}

func wireFires(fires []trigger.Fire) []client.Fire {
	list := make([]client.Fire, len(fires))
	for i, f := range fires {
		list[i] = client.Fire{UTC: f.At, Local: f.Local, Note: f.Note}
	}
	return list
}
