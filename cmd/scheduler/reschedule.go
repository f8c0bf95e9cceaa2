package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/trigger"
)

const rescheduleExamples = `  scheduler reschedule mail --cron '0 8 * * mon-fri' --tz Europe/Stockholm
  scheduler reschedule ping --every 1m
  scheduler reschedule report --next 2027-03-02T09:00:00 --tz Europe/Stockholm --reason 'the figures come a day later'`

func newReschedule() *cobra.Command {
	var (
		r            remote
		flags        jobFlags
		next, reason string
	)
	cmd := &cobra.Command{
		Use: "reschedule ID (--every DURATION | --cron TEXT | --at TIME | --in DURATION | --trigger JSON " +
			"| --next TIME)",
		Short: "Give a job another trigger, or move its next run alone",
		Long: "Gives a job another trigger, which counts from now, also where it is equal to the present one; " +
			"a pause ends.\n" +
			"With --next only the next run is moved: the trigger's own fire times follow after it, and those " +
			"that it passes\n" +
			"over are recorded. A paused job stays paused then, and a finished one runs once more.",
		Example: rescheduleExamples,
		Args:    oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := flags.reschedule(cmd, next, time.Now())
			if err != nil {
				return err
			}
			request.Reason = reason
			j, err := r.client().RescheduleJob(cmd.Context(), args[0], request)
			if err != nil {
				return fmt.Errorf("reschedule %s: %w", args[0], err)
			}
			if r.output == outputJSON {
				return printJSON(cmd.OutOrStdout(), j)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "rescheduled %s: %s; %s\n", j.ID, oneLine(j.Description), nextOf(j))
			return nil
		},
	}
	r.addEditFlags(cmd)
	flags.addTriggerTo(cmd.Flags())
	cmd.Flags().StringVar(&next, "next", "", "move the next run alone to this `time`: RFC 3339, or local to --timezone")
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for those who read of it")
	return cmd
}

// reschedule is the request that the flags write.
func (f *jobFlags) reschedule(cmd *cobra.Command, next string, now time.Time) (r client.RescheduleRequest, err error) {
	if !cmd.Flags().Changed("next") {
		r.Trigger, err = f.trigger(cmd, now)
		return r, err
	}
	if beside := changed(cmd, "at", "in", "every", "cron", "trigger", "start", "end"); len(beside) > 0 {
		return r, usagef(cmd, "--next moves the next run alone; leave out %s", beside[0])
	}
	if r.NextRunTime, err = momentOf(next, f.timezone); err != nil {
		return r, usagef(cmd, "--next: %v", err)
	}
	return r, nil
}

// momentOf reads a time as --at does.
func momentOf(text, timezone string) (time.Time, error) {
	data, err := json.Marshal(client.Trigger{Type: client.TriggerDate, At: text, Timezone: timezone})
	if err != nil {
		return time.Time{}, err
	}
	t, err := trigger.Parse(data)
	if wrong, ok := errors.AsType[*trigger.Error](err); ok && wrong.Field == "at" {
		return time.Time{}, errors.New(wrong.Message) // the caller names the flag
	}
	if err != nil {
		return time.Time{}, err
	}
	epoch := time.Unix(0, 0)
	at, _ := t.Anchored(epoch).Next(epoch.Add(-time.Microsecond)) // what lies before is refused by the scheduler
	return at, nil
}
