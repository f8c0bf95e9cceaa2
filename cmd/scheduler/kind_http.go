package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/executor"
)

var httpKind = workKind{
	name:   "http",
	asked:  "--http URL",
	called: "--http",
	beside: "--http",
	give:   "--http with --method, --header and --body",
	fields: []modifyField{
		{"http", "http.url", asText},
		{"method", "http.method", asText},
		{"header", "http.headers", asPairs(":")},
		{"body", "http.body", asText},
	},
	asks:  func(cmd *cobra.Command, _ []string) bool { return cmd.Flags().Changed("http") },
	flags: func() workFlags { return &httpFlags{} },
	offer: func(*node) executor.Kind { return &executor.HTTP{UserAgent: "pgdue/" + buildVersion()} },
}

// httpFlags write a request.
type httpFlags struct {
	url, method, body string
	headers           []string
}

func (f *httpFlags) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&f.url, "http", "", "send a request to this `URL` (instead of a command after --)")
	flags.StringVar(&f.method, "method", "", "with --http: the request's `method` (default POST with a body, else GET)")
	flags.StringArrayVar(&f.headers, "header", nil, "with --http: a `name:value` of the request; repeatable")
	flags.StringVar(&f.body, "body", "", "with --http: the request's body")
}

func (f *httpFlags) write(cmd *cobra.Command, d *client.JobDefinition, _ []string) (err error) {
	d.HTTP = &client.HTTP{Method: f.method, URL: f.url, Body: f.body}
	d.HTTP.Headers, err = pairs(cmd, "header", ":", f.headers)
	return err
}

func (f *httpFlags) show(d client.JobDefinition) string {
	if d.HTTP == nil {
		return ""
	}
	method := d.HTTP.Method
	if method == "" && d.HTTP.Body != "" {
		method = "POST"
	} else if method == "" {
		method = "GET"
	}
	return method + " " + d.HTTP.URL
}
