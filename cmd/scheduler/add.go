package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/client"
)

const addExamples = `  scheduler add 123 --at now -- sleep 60
  scheduler add ping --every 30s --http https://example.org/ping
  scheduler add mail --cron '0 9 * * mon-fri' --tz Europe/Stockholm --http https://example.org/mail
  scheduler add report --at 2027-03-01T09:00:00 --tz Europe/Stockholm -- /usr/local/bin/report --weekly
  scheduler add 123 --replace --max-instances 13 --at now -- sleep 60
  scheduler add -f jobs.yaml`

func newAdd() *cobra.Command {
	var (
		r       remote
		flags   jobFlags
		file    string
		replace bool
	)
	cmd := &cobra.Command{
		Use: "add ID (--at TIME | --in DURATION | --every DURATION | --cron TEXT | --trigger JSON) (--http URL | " +
			"-- COMMAND...)\n  scheduler add -f FILE",
		Short:   "Add a job, or put all jobs of a file",
		Example: addExamples,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("file") {
				return addFile(cmd, &r, file, args)
			}
			return addOne(cmd, &r, &flags, replace, args)
		},
	}
	r.addEditFlags(cmd)
	flags.addTo(cmd.Flags())
	cmd.Flags().StringVarP(&file, "file", "f", "", "put each job of this YAML or JSON `file`, - for stdin")
	cmd.Flags().BoolVar(&replace, "replace", false, "replace a job that has the id")
	return cmd
}

func addOne(cmd *cobra.Command, r *remote, flags *jobFlags, replace bool, args []string) error {
	id, command, err := splitArgs(cmd, args)
	if err != nil {
		return err
	}
	d, err := flags.definition(cmd, id, command, time.Now())
	if err != nil {
		return err
	}
	verb, j, err := add(cmd.Context(), r.client(), d, replace)
	if err != nil {
		return fmt.Errorf("add %s: %w", id, err)
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), j)
	}
	printAdded(cmd.OutOrStdout(), verb, j)
	return nil
}

func add(
	ctx context.Context, c *client.Client, d client.JobDefinition, replace bool,
) (verb string, j client.Job, err error) {
	if replace {
		return putJob(ctx, c, d)
	}
	j, err = c.AddJob(ctx, d)
	return "added", j, err
}

// splitArgs tells the id from the command, which stands after --.
func splitArgs(cmd *cobra.Command, args []string) (id string, command []string, err error) {
	dash := cmd.ArgsLenAtDash()
	if dash >= 0 {
		args, command = args[:dash], args[dash:]
	}
	switch {
	case len(args) == 0 || args[0] == "":
		return "", nil, usagef(cmd, "give the job an id, as in `scheduler add 123 --at now -- sleep 60`")
	case len(args) > 1 && dash < 0:
		return "", nil, usagef(cmd, "%q is one argument too many; put -- before the command", args[1])
	case len(args) > 1:
		return "", nil, usagef(cmd, "%q is one argument too many; a job has one id", args[1])
	}
	return args[0], command, nil
}

func addFile(cmd *cobra.Command, r *remote, path string, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "-f takes ids and commands from the file; leave out %q", args[0])
	}
	if f := otherFlag(cmd); f != "" {
		return usagef(cmd, "-f takes the jobs as the file has them; leave out --%s", f)
	}
	jobs, err := loadJobs(path, cmd.InOrStdin())
	if err != nil {
		return err
	}
	page := client.JobPage{Items: []client.Job{}}
	err = putJobs(cmd.Context(), r.client(), jobs, func(verb string, j client.Job) {
		page.Items = append(page.Items, j)
		if r.output != outputJSON {
			printAdded(cmd.OutOrStdout(), verb, j)
		}
	})
	if r.output == outputJSON {
		if err := printJSON(cmd.OutOrStdout(), page); err != nil {
			return err
		}
	}
	return err
}

// otherFlag is a flag that was given and says nothing about a file, "" when there is none.
func otherFlag(cmd *cobra.Command) (name string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "file", "server", "output", "by", "replace": // a file's jobs are put anyway
		default:
			name = f.Name
		}
	})
	return name
}

func printAdded(w io.Writer, verb string, j client.Job) {
	next := "next run " + timeIn(j.NextRunTime, zoneOf(j))
	switch {
	case !j.NextRunTime.IsZero():
	case verb == "added":
		next = fmt.Sprintf("its time has come already, see `scheduler runs %s`", j.ID)
	default:
		next = fmt.Sprintf("it will not fire again; `scheduler run-now %s` runs it once more", j.ID)
	}
	fmt.Fprintf(w, "%s %s: %s; %s\n", verb, j.ID, oneLine(j.Description), next)
	if j.Problem != "" {
		fmt.Fprintf(w, "  but %s\n", oneLine(j.Problem))
	}
}
