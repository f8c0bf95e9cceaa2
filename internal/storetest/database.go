package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// database is one that tests use one after the other. Between two of them renew makes it as new.
type database struct {
	name   string
	kind   *kind
	keeper *pgx.Conn // renews it

	mu     sync.Mutex
	parked map[string][]*pgconn.PgConn // idle sessions, by what their startup messages ask for
	guests map[uint32]*guest           // who uses one, by its process number
	closed bool                        // none is kept any more
}

// databases are those of this test program that are for use again.
var databases struct {
	mu   sync.Mutex
	idle map[*kind][]*database
	used map[string]*database // by name
}

// borrow takes an idle database, or makes one, and takes it back when the test ends.
func borrow(t testing.TB, statements string) (url string) {
	t.Helper()
	d, err := take(t.Context(), statements)
	if err != nil {
		t.Fatal("storetest: ", err)
	}
	t.Cleanup(func() {
		dropped, err := d.giveBack()
		if errors.Is(dropped, errSettings) {
			err = errors.Join(dropped, err)
		}
		if err != nil {
			t.Error("storetest: ", err)
		}
	})
	return inDatabase(server.admin, d.name)
}

// borrowed is the database of that name that a test has borrowed, or nil.
func borrowed(name string) *database {
	databases.mu.Lock()
	defer databases.mu.Unlock()
	return databases.used[name]
}

func take(ctx context.Context, statements string) (*database, error) {
	k, err := kindOf(ctx, statements)
	if err != nil {
		return nil, err
	}
	d := k.takeIdle()
	if d == nil {
		name, err := create(ctx, k.template)
		if err != nil {
			return nil, err
		}
		d = &database{name: name, kind: k, parked: map[string][]*pgconn.PgConn{}, guests: map[uint32]*guest{}}
	}
	databases.mu.Lock()
	defer databases.mu.Unlock()
	if databases.used == nil {
		databases.used, databases.idle = map[string]*database{}, map[*kind][]*database{}
	}
	databases.used[d.name] = d
	return d, nil
}

// takeIdle takes the database that was used last, or returns nil.
func (k *kind) takeIdle() *database {
	databases.mu.Lock()
	defer databases.mu.Unlock()
	last := len(databases.idle[k]) - 1
	if last < 0 {
		return nil
	}
	d := databases.idle[k][last]
	databases.idle[k] = databases.idle[k][:last]
	return d
}

// giveBack makes the database as new for the next test, or drops it and says why: where somebody is still in it, or the
// test has changed what renew does not put back.
func (d *database) giveBack() (dropped, err error) {
	databases.mu.Lock()
	delete(databases.used, d.name)
	databases.mu.Unlock()
	if dropped = d.renew(); dropped != nil {
		d.close()
		return dropped, drop(d.name)
	}
	databases.mu.Lock()
	defer databases.mu.Unlock()
	databases.idle[d.kind] = append(databases.idle[d.kind], d)
	return nil, nil
}

// dropIdle drops the databases that nobody uses.
func dropIdle() error {
	databases.mu.Lock()
	defer databases.mu.Unlock()
	var errs []error
	for _, idle := range databases.idle {
		for _, d := range idle {
			d.close()
			errs = append(errs, drop(d.name))
		}
	}
	return errors.Join(errs...)
}

// close ends the sessions that nobody uses.
func (d *database) close() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	if d.keeper != nil {
		d.keeper.Close(ctx)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, sessions := range d.parked {
		for _, s := range sessions {
			s.Close(ctx)
		}
	}
}

const (
	// leaveTimeout is how long those may take who leave a database: a process that was killed is seen to be gone only
	// when its session reads from it.
	leaveTimeout = 2 * time.Second
	// renewTimeout bounds the making as new of a database.
	renewTimeout = 20 * time.Second
)

// renew makes the database as new, or says why it cannot.
func (d *database) renew() error {
	ctx, cancel := context.WithTimeout(context.Background(), renewTimeout)
	defer cancel()
	if err := d.keep(ctx); err != nil {
		return err
	}
	if err := d.awaitAlone(ctx); err != nil {
		return err
	}
	if err := d.empty(ctx); err != nil {
		return err
	}
	found, err := readState(ctx, d.keeper, d.kind.pristine.tables)
	if err != nil {
		return err
	}
	if found.settings != d.kind.pristine.settings {
		return errSettings
	}
	if found.schema != d.kind.pristine.schema {
		return errors.New("the test has changed the schema")
	}
	return d.kind.pristine.restore(ctx, d.keeper, found)
}

// errSettings is a fault of the test: it has shown less than it seems to.
var errSettings = errors.New("the test has changed the settings of a database whose sessions are kept, which do not " +
	"hear of it: use NewURL")

func (d *database) keep(ctx context.Context) (err error) {
	if d.keeper == nil {
		d.keeper, err = pgx.Connect(ctx, inDatabase(server.admin, d.name))
	}
	return err
}

// awaitAlone waits until nobody is in the database but the keeper and the sessions that are parked.
func (d *database) awaitAlone(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(leaveTimeout); ; {
		ours, busy := d.sessions()
		if busy > 0 {
			return fmt.Errorf("%d sessions are still in use", busy)
		}
		var others int
		err := d.keeper.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type IN ('client backend', 'walsender')
				AND pid <> pg_backend_pid() AND pid <> ALL ($1)`, ours).Scan(&others)
		if err != nil || others == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d sessions of others", others)
		}
		<-tick.C
	}
}

// sessions are the process numbers of those that are parked, and the number of those that are in use.
func (d *database) sessions() (parked []int32, busy int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parked = []int32{}
	for _, sessions := range d.parked {
		for _, s := range sessions {
			parked = append(parked, int32(s.PID()))
		}
	}
	return parked, len(d.guests)
}

// empty takes the rows out of all tables that were empty, with their dead rows and what is known of them for planning.
func (d *database) empty(ctx context.Context) error {
	var tables []string
	var analyzed bool
	err := d.keeper.QueryRow(ctx, `SELECT COALESCE(array_agg(oid::regclass::text)
			FILTER (WHERE pg_relation_size(oid) > 0), '{}'), COALESCE(bool_or(reltuples >= 0), false) FROM pg_class
		WHERE oid >= 16384 AND relkind = 'r' AND relpersistence <> 't' AND oid::regclass::text <> ALL ($1)`,
		d.kind.pristine.tables).Scan(&tables, &analyzed)
	switch {
	case err != nil:
		return err
	case analyzed:
		return errors.New("the test has analyzed tables, and TRUNCATE lets their statistics stand")
	case len(tables) == 0:
		return nil
	}
	_, err = d.keeper.Exec(ctx, "SET lock_timeout = '1s'; TRUNCATE "+strings.Join(tables, ", ")+" CASCADE")
	return err
}
