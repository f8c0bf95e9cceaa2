package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
)

// addAccessFlags adds the flags of how a node reaches its database, beside the URL.
func addAccessFlags(f *pflag.FlagSet, a *store.Access) {
	f.StringVar((*string)(&a.Pooler), "pooler", string(store.PoolerAuto),
		"`what` stands before the database: transaction (as PgBouncer's pool_mode), none (or one that leaves a "+
			"connection its session), auto (find out)")
	f.StringVar(&a.NotifyURL, "notify-database-url", "",
		"`URL` of the same database without the pooler, to listen for notifications "+
			"(default $PGDUE_NOTIFY_DATABASE_URL)")
}

func completeAccess(cmd *cobra.Command, a *store.Access) error {
	if !slices.Contains(store.Poolers, a.Pooler) {
		return usagef(cmd, "--pooler %q is none of auto, transaction and none", a.Pooler)
	}
	a.NotifyURL = cmp.Or(a.NotifyURL, os.Getenv("PGDUE_NOTIFY_DATABASE_URL"))
	return nil
}

// tellAccess logs what stands before the database, and fails where notifications come from the wrong place. Where they
// only cannot be had now, the node begins without them: the listening goes on trying.
func (n *node) tellAccess(ctx context.Context) error {
	err := n.store.CheckListen(ctx)
	if errors.Is(err, store.ErrNoNotifications) {
		return err
	}
	if err != nil {
		n.log.Warn("notifications do not come; what others do is seen by polling until they do",
			"latest_after", job.DefaultPoll, "err", err)
	}
	if n.store.Pooler() != store.PoolerTransaction {
		return nil
	}
	hint := ""
	if !n.store.Listens() {
		hint = fmt.Sprintf("what others do is seen within %s, by polling; at once with --notify-database-url",
			job.DefaultPoll)
	}
	n.log.Info("the database is behind a transaction pooler", "listens", n.store.Listens(), "hint", hint)
	return nil
}
