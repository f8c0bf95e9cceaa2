package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/pgdue/pgdue/internal/storetest"
)

// A node's log tells of the pooler, and of what is lost without --notify-database-url.
func TestServeTellsOfPooler(t *testing.T) {
	t.Parallel()
	program, required, err := storetest.FindPgBouncer()
	switch {
	case err != nil && required:
		t.Fatal(err)
	case err != nil:
		fmt.Fprintf(os.Stderr, "NO PGBOUNCER, SO %s TRIES NOTHING: %v\n", t.Name(), err)
		return
	}
	direct := storetest.NewURL(t)
	pooled := storetest.PgBouncer(t, program, direct)
	serve := []string{binary(t), "serve", "--listen", "127.0.0.1:0", "--database-url", pooled}
	alone := start(t, serve[0], serve[1:]...)
	alone.find(`(msg="the database is behind a transaction pooler" listens=false hint="what others do is seen within 5s)`)
	alone.find(`msg="API serves" url=(http://\S+)`)
	serve = append(serve, "--notify-database-url", direct, "--migrate")
	beside := start(t, serve[0], serve[1:]...)
	beside.find(`(msg="the database is behind a transaction pooler" listens=true)`)
	beside.find(`msg="API serves" url=(http://\S+)`)
}
