package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
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
	cmd.Flags().VarP(&r.output, "output", "o", "`format` of the output: table or json")
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
	outputJSON  outputFormat = "json"
)

func (f *outputFormat) String() string { return string(*f) }
func (f *outputFormat) Type() string   { return "format" }

func (f *outputFormat) Set(s string) error {
	switch outputFormat(s) {
	case outputTable, outputJSON:
		*f = outputFormat(s)
		return nil
	}
	return errors.New("write table or json")
}

// printJSON prints an object of the API.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table aligns rows of cells. All rows have the same number of cells.
type table struct {
	aligned *bytes.Buffer
	tab     *tabwriter.Writer
}

func newTable(header ...string) table {
	var aligned bytes.Buffer
	t := table{&aligned, tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)}
	if len(header) > 0 {
		t.row(header...)
	}
	return t
}

func (t table) row(cells ...string) {
	for i, c := range cells {
		cells[i] = oneLine(c)
	}
	fmt.Fprintln(t.tab, strings.Join(cells, "\t"))
}

// print writes the rows without the blanks that align empty cells at their ends.
func (t table) print(w io.Writer) error {
	if err := t.tab.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(t.aligned.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
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

// whoAmI is user@host, as far as they are known.
func whoAmI() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
