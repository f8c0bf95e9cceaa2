package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
)

// remote is what the commands that speak to a scheduler share: where it is, and how to print what it answers.
type remote struct {
	server string
	output outputFormat
	by     string
}

func (r *remote) addFlags(cmd *cobra.Command) {
	r.output = outputTable
	cmd.Flags().StringVar(&r.server, "server", "",
		"`URL` of the scheduler (default $PGDUE_URL, else "+client.DefaultBaseURL+")")
	cmd.Flags().VarP(&r.output, "output", "o",
		"`format` of the output: table (cut to the width of a terminal), wide or json")
}

// out is where the command prints its tables.
func (r *remote) out(cmd *cobra.Command) io.Writer {
	w := cmd.OutOrStdout()
	if s, ok := w.(*screen); ok && r.output == outputWide {
		return &screen{to: s.to, wide: true}
	}
	return w
}

// addEditFlags are those of commands that change something.
func (r *remote) addEditFlags(cmd *cobra.Command) {
	r.addFlags(cmd)
	cmd.Flags().StringVar(&r.by, "by", "", "`who` makes the change, for those who read of it (default "+whoAmI()+")")
}

func (r *remote) client() *client.Client {
	return &client.Client{BaseURL: cmp.Or(r.server, os.Getenv("PGDUE_URL")), Actor: cmp.Or(r.by, whoAmI())}
}

// outputFormat is the flag -o.
type outputFormat string

const (
	outputTable outputFormat = "table"
	outputWide  outputFormat = "wide" // a table with all its columns, nothing of which is cut
	outputJSON  outputFormat = "json"
)

func (f *outputFormat) String() string { return string(*f) }
func (f *outputFormat) Type() string   { return "format" }

func (f *outputFormat) Set(s string) error {
	switch outputFormat(s) {
	case outputTable, outputWide, outputJSON:
		*f = outputFormat(s)
		return nil
	}
	return errors.New("write table, wide or json")
}

// printJSON prints an object of the API.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// timeIn shows a time with its zone, "" for none.
func timeIn(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

// zoneOf is the time zone in which a job's user thinks; UTC when its trigger names none.
func zoneOf(j client.Job) *time.Location {
	if j.Trigger == nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(j.Trigger.Timezone)
	if err != nil { // the server knows a zone that we do not
		return time.UTC
	}
	return zone
}

// runningOf is "1/12": how many instances run, of how many that may.
func runningOf(j client.Job) string {
	if j.MaxInstances == nil {
		return fmt.Sprint(j.Running)
	}
	return fmt.Sprintf("%d/%d", j.Running, *j.MaxInstances)
}

// whoAmI is user@host, as far as they are known, and within the run of a job that job.
func whoAmI() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	if id := os.Getenv("PGDUE_JOB_ID"); id != "" {
		return fmt.Sprintf("job %s (%s@%s)", id, name, host)
	}
	return name + "@" + host
}
