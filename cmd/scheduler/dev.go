package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/examples"
	"github.com/pgdue/pgdue/internal/devpg"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
)

// dev is `scheduler dev`: a node with exec on, on a private PostgreSQL cluster or a database that was named.
type dev struct {
	node
	databaseURL string
	dataDir     string
	file        string
	demo        bool

	cluster *devpg.Cluster
}

func newDev() *cobra.Command {
	var d dev
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine, PostgreSQL included",
		Long: "Runs a scheduler node with exec jobs on a private PostgreSQL cluster, which it starts from " +
			"installed programs or\n" +
			"downloads once. The cluster listens on loopback, ends with this command, and keeps its data " +
			"in --data-dir.\n" +
			"DATABASE_URL and PG* of other applications are not read.",
		Example: "  scheduler dev --demo\n  scheduler dev -f jobs.yaml",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if d.databaseURL != "" && d.dataDir != "" {
				return usagef(cmd, "--data-dir is for dev's own cluster; leave it out beside --database-url")
			}
			if d.demo && d.file != "" {
				return usagef(cmd, "--demo brings its own jobs; leave out -f")
			}
			if err := d.prepare(cmd); err != nil {
				return err
			}
			return d.run(cmd)
		},
	}
	d.addFlags(cmd, 0)
	d.enableExec = true
	f := cmd.Flags()
	f.StringVar(&d.databaseURL, "database-url", "", "`URL` of a database to use instead of a private cluster")
	f.StringVar(&d.dataDir, "data-dir", "", "`directory` of the private cluster (default: see the banner)")
	f.StringVarP(&d.file, "file", "f", "", "put each job of this YAML or JSON `file`")
	f.BoolVar(&d.demo, "demo", false, "load the demo: a job that meets max_instances")
	return cmd
}

func (d *dev) run(cmd *cobra.Command) (err error) {
	devpg.ForgetEnvironment()
	ctx := cmd.Context()
	jobs, err := d.jobs(cmd)
	if err != nil {
		return err
	}
	if err := d.bind(cmd); err != nil { // before anything is started or migrated
		return err
	}
	defer d.listener.Close()
	url := d.databaseURL
	if url == "" {
		if err := d.startCluster(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.cluster.Close()) }()
		url = d.cluster.URL("")
	}
	if d.store, err = store.Open(ctx, url, store.Access{}); err != nil {
		return err
	}
	defer d.store.Close()
	if err := d.store.Migrate(ctx, d.log); err != nil {
		return err
	}
	if d.demo {
		if err := d.refuseOtherJobs(ctx, jobs); err != nil {
			return err
		}
	}
	return d.watchCluster(ctx, func(ctx context.Context) error {
		return d.node.run(ctx, func(ctx context.Context) error {
			if err := d.banner(cmd, url); err != nil {
				return err
			}
			return d.load(ctx, cmd, jobs)
		})
	})
}

// jobs are those of the demo or of the file.
func (d *dev) jobs(cmd *cobra.Command) ([]client.JobDefinition, error) {
	switch {
	case d.demo:
		return parseJobs("examples/max-instances.yaml", examples.MaxInstances)
	case d.file != "":
		return loadJobs(d.file, cmd.InOrStdin())
	}
	return nil, nil
}

func (d *dev) startCluster(ctx context.Context) (err error) {
	if d.dataDir == "" {
		if d.dataDir, err = devpg.DefaultDataDir(); err != nil {
			return err
		}
	}
	d.log.Info("starting PostgreSQL", "data_dir", d.dataDir)
	d.cluster, err = devpg.Start(ctx, devpg.Config{DataDir: d.dataDir, Progress: os.Stderr, Log: d.log})
	if err != nil {
		return fmt.Errorf("%w\n(or give a database of your own with --database-url)", err)
	}
	return nil
}

// watchCluster runs do until it ends or the cluster does.
func (d *dev) watchCluster(ctx context.Context, do func(context.Context) error) error {
	if d.cluster == nil {
		return do(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	gone := fmt.Errorf("PostgreSQL ended by itself; see its log %s", d.cluster.LogFile)
	go func() {
		select {
		case <-ctx.Done():
		case <-d.cluster.Done():
			cancel(gone)
		}
	}()
	err := do(ctx)
	if errors.Is(context.Cause(ctx), gone) { // else somebody asked for the end
		return gone
	}
	return err
}

// refuseOtherJobs keeps the demo away from a database that is used for something. Jobs that were added to the demo's do
// not make it one.
func (d *dev) refuseOtherJobs(ctx context.Context, demo []client.JobDefinition) error {
	ids := []string{demoChild}
	for _, j := range demo {
		ids = append(ids, j.ID)
	}
	present, err := d.store.Jobs(ctx, "", len(ids)+1)
	if err != nil {
		return fmt.Errorf("look for jobs beside the demo's: %w", err)
	}
	other := slices.IndexFunc(present, func(o job.Overview) bool { return !slices.Contains(ids, o.ID) })
	if other < 0 {
		return nil
	}
	for _, j := range demo {
		told, _, err := d.store.Events(ctx, job.EventFilter{JobID: j.ID, Limit: 1})
		if err != nil {
			return fmt.Errorf("look for an earlier demo: %w", err)
		}
		if len(told) > 0 {
			return nil
		}
	}
	return fmt.Errorf("the database holds the job %q and has had no demo: leave out --demo, or give the demo a "+
		"database of its own with --data-dir or --database-url", present[other].ID)
}

// demoChild is the job that the demo's job adds.
const demoChild = "123"

// load puts the file's jobs. The demo's are added where they are missing: what was tried out on them stays.
func (d *dev) load(ctx context.Context, cmd *cobra.Command, jobs []client.JobDefinition) error {
	if !d.demo {
		return putJobs(ctx, d.client(), jobs,
			func(verb string, j client.Job) { printAdded(cmd.OutOrStdout(), verb, j) })
	}
	for _, j := range jobs {
		if _, err := d.client().AddJob(ctx, j); err != nil && !client.IsExists(err) {
			return fmt.Errorf("add the demo's job %s: %w", j.ID, err)
		}
	}
	return nil
}

func (d *dev) banner(cmd *cobra.Command, url string) error {
	b := bannerData{API: d.url(), DatabaseURL: url, Demo: d.demo, Scheduler: commandName()}
	if d.cluster != nil {
		b.DataDir, b.Version = d.cluster.DataDir, d.cluster.Version
	}
	if b.API != client.DefaultBaseURL {
		b.Server = " --server " + b.API
	}
	return writeBanner(cmd.OutOrStdout(), b)
}

// writeBanner writes the banner at once: the log goes to the same terminal, and would come between its words.
func writeBanner(w io.Writer, b bannerData) error {
	var text bytes.Buffer
	if err := bannerText.Execute(&text, b); err != nil {
		return fmt.Errorf("write the banner: %w", err)
	}
	_, err := text.WriteTo(w)
	return err
}

type bannerData struct {
	API, DatabaseURL, DataDir, Version string
	Scheduler, Server                  string // how to call this program, and with which --server
	Demo                               bool
}

var bannerText = template.Must(template.New("banner").Parse(`
  pgdue runs. Ctrl-C stops it.

    API    {{.API}}
    psql   psql '{{.DatabaseURL}}' -c 'TABLE pgdue.job_overview'
{{- if .DataDir}}
    data   {{.DataDir}} (PostgreSQL {{.Version}})
{{- end}}
{{- if .Demo}}

  The demo, in three acts. Commands are for a second terminal, in this directory.

  1. The skip. Every 5 s a job adds job 123, which sleeps 60 s, with max_instances 1. Watch the log: it begins once;
     the next ones are skipped, each with the run that is in the way.

       {{.Scheduler}} runs 123{{.Server}}

  2. The remedy. A run takes a little more than 60 s, so when a fire comes the 12 before it may still run: 13 instances
     are enough. From now on 123 is added with that, and its runs overlap.

       {{.Scheduler}} add add-123{{.Server}} --replace --every 5s -- scheduler add 123 --max-instances 13 --at now -- sleep 60

  3. The take-over. Start a second node. When it runs 123 (the node's name holds its process id), kill -9 that process:
     after its lease, 15 s, this node records its runs as lost and frees their instances.

       {{.Scheduler}} serve --enable-exec --database-url '{{.DatabaseURL}}'
       {{.Scheduler}} runs 123{{.Server}}
       kill -9 PID
{{- end}}

`))

// commandName is how a person calls this program: go run builds it into a temporary place.
func commandName() string {
	path, err := os.Executable()
	if err == nil && strings.Contains(path, "go-build") {
		return "go run ./cmd/scheduler"
	}
	return cmp.Or(os.Args[0], "scheduler")
}
