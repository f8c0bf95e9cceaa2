package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

const modifyExamples = `  scheduler modify 123 --max-instances 13
  scheduler modify ping --timeout 30s --label team=web
  scheduler modify ping --timeout= --label owner=           # the default timeout; without the label
  scheduler modify 123 -- sleep 90
  scheduler modify ping --patch '{"http": {"headers": {"Accept": null}}}'`

func newModify() *cobra.Command {
	var (
		r             remote
		given         = modifyFlags{}
		patch, reason string
	)
	cmd := &cobra.Command{
		Use:   "modify ID (FLAGS... | --patch JSON) [-- COMMAND...]",
		Short: "Change parts of a job; what is not given stays as it is",
		Long: "Changes parts of a job. A flag that is given empty takes the default; name= takes the name " +
			"out of labels,\n" +
			"headers and environment. The trigger is changed by `scheduler reschedule`, or by --patch.",
		Example: modifyExamples,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, command, err := splitArgs(cmd, args)
			if err != nil {
				return err
			}
			change, err := given.change(cmd, patch, command)
			if err != nil {
				return err
			}
			return modify(cmd, &r, id, change, reason)
		},
	}
	r.addEditFlags(cmd)
	given.addTo(cmd.Flags())
	cmd.Flags().StringVar(&patch, "patch", "", "the change as a `JSON` merge patch of the job, - for stdin")
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for those who read of it")
	return cmd
}

func modify(cmd *cobra.Command, r *remote, id string, change any, reason string) error {
	j, changed, err := edit(cmd.Context(), r.client(), id, func(c *client.Client) (client.Job, error) {
		return c.ModifyJob(cmd.Context(), id, 0, change, reason)
	})
	if err != nil {
		return fmt.Errorf("modify %s: %w", id, err)
	}
	if r.output == outputJSON {
		return printJSON(cmd.OutOrStdout(), j)
	}
	verb := "unchanged"
	if changed {
		verb = "changed"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s; %s\n", verb, j.ID, oneLine(j.Description), nextOf(j))
	return nil
}

// edit lets do edit a job, and tells a change from none by the revisions before and after.
func edit(
	ctx context.Context, c *client.Client, id string, do func(*client.Client) (client.Job, error),
) (j client.Job, changed bool, err error) {
	before, err := c.Job(ctx, id)
	if err != nil {
		return j, false, err
	}
	j, err = do(c)
	return j, j.Revision != before.Revision, err
}

// readPatch reads a merge patch from a flag or, for -, from stdin. What it means is for the server to judge.
func readPatch(text string, stdin io.Reader) (any, error) {
	if text == "-" {
		data, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("read the patch from stdin: %w", err)
		}
		text = string(data)
	}
	var fields map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &fields)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong), err == nil && fields == nil:
		return nil, errors.New(`--patch must be a JSON object, such as {"max_instances": 2, "timeout": null}`)
	case err != nil:
		return nil, fmt.Errorf(`--patch is no JSON object; write it like {"max_instances": 2, "timeout": null}: %w`,
			err)
	}
	return json.RawMessage(text), nil
}
