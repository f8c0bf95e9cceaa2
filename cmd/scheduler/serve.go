package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/internal/store"
)

func newServe() *cobra.Command {
	var (
		n       node
		db      databaseFlags
		access  store.Access
		migrate bool
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a scheduler node on a database",
		Long: "Runs a scheduler node on a database: it claims due jobs, runs them, and serves the HTTP API. Any " +
			"number of nodes\n" +
			"may share one database. On SIGTERM, SIGINT or SIGHUP the node claims nothing more and lets " +
			"its runs go on " +
			"for --drain;\n" +
			"a second signal stops them at once.",
		Example: "  scheduler serve --migrate --database-url postgres://user:password@db:5432/app",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := n.prepare(cmd); err != nil {
				return err
			}
			return serve(cmd, &n, &db, access, migrate)
		},
	}
	n.addFlags(cmd, 20*time.Second)
	db.addTo(cmd.Flags())
	addAccessFlags(cmd.Flags(), &access)
	cmd.Flags().BoolVar(&migrate, "migrate", false, "bring the schema up to date first")
	cmd.Flags().BoolVar(&n.jobLabels, "metrics-job-labels", false,
		"count fires by job, too, in /metrics: of the first 1,000 jobs")
	for _, k := range kinds {
		if k.allow != nil {
			k.allow(&n, cmd.Flags())
		}
	}
	return cmd
}

func serve(cmd *cobra.Command, n *node, db *databaseFlags, access store.Access, migrate bool) (err error) {
	ctx := cmd.Context()
	if err := completeAccess(cmd, &access); err != nil {
		return err
	}
	url, err := db.source(cmd)
	if err != nil {
		return err
	}
	if n.enableExec {
		given := access.NotifyURL
		access.NotifyURL = strings.Clone(given)
		hideSecrets(n.log, db.url, given)
	}
	if n.store, err = store.OpenFrom(ctx, url, access); err != nil {
		return err
	}
	defer n.store.Close()
	if migrate {
		err = n.store.Migrate(ctx, n.log)
	} else {
		err = n.store.CheckSchema(ctx)
	}
	if err != nil {
		return err
	}
	if err := n.tellAccess(ctx); err != nil {
		return err
	}
	if err := n.bind(cmd); err != nil {
		return err
	}
	return n.run(ctx, func(context.Context) error { return nil })
}
