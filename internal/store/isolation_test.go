package store_test

import (
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/pgdue/pgdue/internal/storetest"
)

// Nodes renew their leases whatever the isolation is that a database gives to transactions which do not say theirs.
func TestBeatsInASerializableDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	storetest.Exec(t, storetest.Conn(t, url), `DO $$ BEGIN EXECUTE format(
		'ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`)
	g, ctx := errgroup.WithContext(t.Context())
	for _, name := range []string{"web-1", "web-2", "web-3"} {
		s := storetest.OpenURL(t, url)
		n := registered(t, s, name)
		g.Go(func() error {
			for range 100 {
				if _, err := s.Beat(ctx, n.ID); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error("a beat failed: ", err)
	}
}
