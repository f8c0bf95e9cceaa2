package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

// target is what pause and resume are about: one job, the jobs that have a label, or everything.
type target struct {
	id    string
	label string
	all   bool
}

func (t *target) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.label, "label", "",
		"the jobs that have this label, `name=value`, also those that are added later")
	cmd.Flags().BoolVar(&t.all, "all", false, "everything")
}

// read checks that exactly one thing is named.
func (t *target) read(cmd *cobra.Command, args []string) error {
	named := len(args)
	for _, flag := range []string{"label", "all"} {
		if cmd.Flags().Changed(flag) {
			named++
		}
	}
	switch {
	case named != 1 || len(args) == 1 && args[0] == "":
		return usagef(cmd, "give the id of one job, or --label name=value, or --all, as in `%s 123`", cmd.CommandPath())
	case cmd.Flags().Changed("all") && !t.all:
		return usagef(cmd, "--all=false names nothing; leave it out")
	case cmd.Flags().Changed("label"):
		_, err := pairs(cmd, "label", "=", []string{t.label})
		return err
	case len(args) == 1:
		t.id = args[0]
	}
	return nil
}

func (t *target) String() string {
	switch {
	case t.all:
		return "everything"
	case t.label != "":
		return "label " + t.label
	}
	return t.id
}

func newPause() *cobra.Command {
	var (
		r      remote
		t      target
		reason string
	)
	cmd := &cobra.Command{
		Use:   "pause {ID | --label NAME=VALUE | --all}",
		Short: "Pause a job, the jobs of a label, or everything: no run begins until it is resumed; what runs goes on",
		Example: "  scheduler pause ping --reason 'the receiver is being moved'\n" +
			"  scheduler pause --label team=web --reason 'release 7'\n" +
			"  scheduler pause --all --reason 'the database is being moved'",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := t.read(cmd, args)
			if err != nil {
				return err
			}
			if t.id != "" {
				err = pauseJob(cmd, &r, t.id, reason)
			} else {
				err = pauseMany(cmd, &r, client.PauseManyRequest{Label: t.label, All: t.all, Reason: reason})
			}
			if err != nil {
				return fmt.Errorf("pause %s: %w", &t, err)
			}
			return nil
		},
	}
	r.addEditFlags(cmd)
	t.addFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, shown wherever the job is")
	return cmd
}

func pauseJob(cmd *cobra.Command, r *remote, id, reason string) error {
	j, changed, err := edit(cmd.Context(), r.client(), id, func(c *client.Client) (client.Job, error) {
		return c.PauseJob(cmd.Context(), id, client.PauseRequest{Reason: reason})
	})
	if err != nil {
		return err
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), j)
	}
	if !changed {
		since := pausedSince(client.Pause{PausedAt: j.PausedAt, PausedBy: j.PausedBy, Reason: j.PausedReason})
		fmt.Fprintf(cmd.OutOrStdout(), "%s was paused already %s; that stays\n", j.ID, oneLine(since))
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "paused %s\n", j.ID)
	return nil
}

func pauseMany(cmd *cobra.Command, r *remote, request client.PauseManyRequest) error {
	p, err := r.client().PauseMany(cmd.Context(), request)
	if err != nil {
		return err
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), p)
	}
	switch w := cmd.OutOrStdout(); {
	case p.Already:
		fmt.Fprintf(w, "%s was paused already %s; that stays\n", p.What, oneLine(pausedSince(p.Pause)))
	case p.Label != "":
		fmt.Fprintf(w, "paused %s (%s); `%s` ends that\n", p.What, counted(p.Jobs, "job"), p.Resume)
	default:
		fmt.Fprintf(w, "paused %s; `%s` ends that\n", p.What, p.Resume)
	}
	return nil
}

func newResume() *cobra.Command {
	var (
		r         remote
		t         target
		runMissed bool
		reason    string
	)
	cmd := &cobra.Command{
		Use:   "resume {ID | --label NAME=VALUE | --all}",
		Short: "End the pause of a job, of a label, or of everything; fire times that were due meanwhile are recorded",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := t.read(cmd, args)
			if err != nil {
				return err
			}
			if t.id == "" && cmd.Flags().Changed("reason") {
				return usagef(cmd, "--reason is for one job; leave it out beside --label and --all")
			}
			if t.id != "" {
				err = resumeJob(cmd, &r, t.id, client.ResumeRequest{RunMissed: runMissed, Reason: reason})
			} else {
				err = resumeMany(cmd, &r, client.ResumeManyRequest{Label: t.label, All: t.all, RunMissed: runMissed})
			}
			if err != nil {
				return fmt.Errorf("resume %s: %w", &t, err)
			}
			return nil
		},
	}
	r.addEditFlags(cmd)
	t.addFlags(cmd)
	cmd.Flags().BoolVar(&runMissed, "run-missed", false, "run once for the fire times that were due meanwhile")
	cmd.Flags().StringVar(&reason, "reason", "", "with the id of one job: `why`, for those who read of it")
	return cmd
}

func resumeJob(cmd *cobra.Command, r *remote, id string, request client.ResumeRequest) error {
	j, changed, err := edit(cmd.Context(), r.client(), id, func(c *client.Client) (client.Job, error) {
		return c.ResumeJob(cmd.Context(), id, request)
	})
	if err != nil {
		return err
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), j)
	}
	switch w := cmd.OutOrStdout(); {
	case changed:
		printAdded(w, "resumed", j)
	case j.PausedWith != "":
		fmt.Fprintf(w, "%s is not paused by itself, but %s\n", j.ID, oneLine(j.Problem))
	default:
		fmt.Fprintf(w, "%s was not paused; nothing is changed\n", j.ID)
	}
	return nil
}

func resumeMany(cmd *cobra.Command, r *remote, request client.ResumeManyRequest) error {
	p, err := r.client().ResumeMany(cmd.Context(), request)
	if err != nil {
		return err
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), p)
	}
	w := cmd.OutOrStdout()
	if !p.WasPaused {
		fmt.Fprintf(w, "%s was not paused; nothing is changed\n", p.What)
		return nil
	}
	fmt.Fprintf(w, "resumed %s, which was paused %s\n", p.What, oneLine(pausedSince(p.Pause)))
	if p.Note != "" {
		fmt.Fprintf(w, "  but %s\n", oneLine(p.Note))
	}
	return nil
}
