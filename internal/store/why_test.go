package store_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
	"github.com/pgdue/pgdue/internal/why"
)

const everyHour = `{"type":"interval","every":"1h"}`

// ask is what a person is told of a job.
func ask(t *testing.T, s *store.Store, id string) why.Answer {
	t.Helper()
	f, err := s.Why(t.Context(), id, time.Time{})
	if err != nil {
		t.Fatal("why: ", err)
	}
	return why.Explain(f)
}

// codes lists findings by their codes, those that block with a mark.
func codes(a why.Answer) (list []string) {
	for _, f := range a.Findings {
		if list = append(list, f.Code); f.Blocks {
			list[len(list)-1] += "!"
		}
	}
	return list
}

func wantCodes(t *testing.T, a why.Answer, want ...string) {
	t.Helper()
	if got := codes(a); !slices.Equal(got, want) {
		t.Fatalf("findings %v, want %v: %+v", got, want, a.Findings)
	}
}

// session is a connection with a name of its own and an open transaction.
func session(t *testing.T, url, name string, statements ...string) *pgx.Conn {
	t.Helper()
	config := storetest.Config(t, url)
	config.ConnConfig.RuntimeParams["application_name"] = name
	conn := storetest.Connect(t, config)
	storetest.Exec(t, conn, "BEGIN")
	for _, statement := range statements {
		storetest.Exec(t, conn, statement)
	}
	return conn
}

// pid is that of a connection's server process.
func pid(conn *pgx.Conn) string { return fmt.Sprint(conn.PgConn().PID()) }

// served is a store with a job that fires every hour and a node that serves it.
func served(t *testing.T) (url string, s *store.Store) {
	t.Helper()
	url = storetest.URL(t)
	s = storetest.OpenURL(t, url)
	registered(t, s, "web-1")
	add(t, s, storetest.Job(t, "j", everyHour))
	return url, s
}

func TestWhyAnOrdinaryJobRunsAsPlanned(t *testing.T) {
	t.Parallel()
	_, s := served(t)
	a := ask(t, s, "j")
	wantCodes(t, a)
	if ok, _ := regexp.MatchString(`^j runs as planned; it fires next at 2\d{3}-.* UTC \(in (1h|59m\d+s)\)$`,
		a.Verdict); !ok {
		t.Errorf("verdict %q", a.Verdict)
	}
	if len(a.Nodes) != 1 || a.Nodes[0].Slots != 100 {
		t.Errorf("nodes %+v", a.Nodes)
	}
}

// Whoever holds a job's row is named, however it is held: alone, in a subtransaction, by an update that is not
// committed, by several who share it.
func TestWhyNamesWhoLocksTheRow(t *testing.T) {
	t.Parallel()
	const row = "FROM pgdue.next_run_times WHERE job_id = 'j' "
	for name, statements := range map[string][][]string{
		"for update":        {{"SELECT " + row + "FOR UPDATE"}},
		"for share":         {{"SELECT " + row + "FOR SHARE"}},
		"in a savepoint":    {{"SAVEPOINT a", "SELECT " + row + "FOR UPDATE"}},
		"in a released one": {{"SAVEPOINT a", "SELECT " + row + "FOR UPDATE", "RELEASE a"}},
		"an exception block": {{"DO $$ BEGIN BEGIN PERFORM 1 " + row +
			"FOR UPDATE; EXCEPTION WHEN others THEN NULL; END; END $$"}},
		"update":            {{"UPDATE pgdue.next_run_times SET due_at = due_at"}},
		"delete":            {{"DELETE FROM pgdue.next_run_times"}},
		"two for share":     {{"SELECT " + row + "FOR SHARE"}, {"SELECT " + row + "FOR SHARE"}},
		"two for key share": {{"SELECT " + row + "FOR KEY SHARE"}, {"SELECT " + row + "FOR KEY SHARE"}},
		"key share and updater": {{"SELECT " + row + "FOR KEY SHARE"},
			{"UPDATE pgdue.next_run_times SET due_at = due_at"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, s := served(t)
			var held []*pgx.Conn
			for i, one := range statements {
				held = append(held, session(t, url, fmt.Sprintf("psql of ada %d", i), one...))
			}
			a := ask(t, s, "j")
			wantCodes(t, a, slices.Repeat([]string{"row_locked!"}, len(held))...)
			for i, conn := range held {
				wantHolder(t, a, conn, fmt.Sprintf("psql of ada %d", i))
			}
			for _, conn := range held {
				storetest.Exec(t, conn, "ROLLBACK")
			}
			wantCodes(t, ask(t, s, "j")) // though the row's xmax is still there
		})
	}
}

// Of a subtransaction that was released PostgreSQL does not tell whose it was: all who may have it are named as such.
func TestWhyNamesAllWhoMayHoldTheRow(t *testing.T) {
	t.Parallel()
	elsewhere, _ := served(t) // of the same template: its tables have the same numbers as ours
	session(t, elsewhere, "in another database", "SELECT pg_current_xact_id()",
		"SELECT FROM pgdue.next_run_times FOR UPDATE")
	url, s := served(t)
	add(t, s, storetest.Job(t, "other", everyHour))
	holds := session(t, url, "holds", "SAVEPOINT a", "SELECT FROM pgdue.next_run_times WHERE job_id = 'j' FOR UPDATE",
		"RELEASE a")
	later := session(t, url, "began later", "SELECT FROM pgdue.next_run_times WHERE job_id = 'other' FOR UPDATE")
	session(t, url, "reads", "SELECT FROM pgdue.next_run_times")
	a := ask(t, s, "j")
	wantCodes(t, a, "row_locked!")
	wantHolder(t, a, holds, "holds")

	storetest.Exec(t, later, "ROLLBACK")
	storetest.Exec(t, holds, "ROLLBACK")
	storetest.Exec(t, holds, "BEGIN")
	older := session(t, url, "began earlier", "SELECT pg_current_xact_id()",
		"UPDATE pgdue.next_run_times SET due_at = due_at WHERE job_id = 'other' AND false")
	for _, statement := range []string{"SAVEPOINT a", "SELECT FROM pgdue.next_run_times WHERE job_id = 'j' FOR UPDATE",
		"RELEASE a"} {
		storetest.Exec(t, holds, statement)
	}
	a = ask(t, s, "j")
	wantCodes(t, a, "row_locked!", "row_locked!")
	wantHolder(t, a, holds, "holds")
	wantHolder(t, a, older, "began earlier")
	if want := " is locked by one of several, perhaps by pid "; !strings.Contains(a.Findings[0].Sentence, want) ||
		!strings.Contains(a.Findings[1].Sentence, want) {
		t.Errorf("findings %+v", a.Findings)
	}
}

// wantHolder wants a finding with all that helps to find a session and to end it.
func wantHolder(t *testing.T, a why.Answer, conn *pgx.Conn, name string) {
	t.Helper()
	for _, f := range a.Findings {
		if !strings.Contains(f.Sentence, "pid "+pid(conn)+", ") {
			continue
		}
		for _, want := range []string{
			fmt.Sprintf("user %s, application_name %q, from ", conn.Config().User, name), "in a transaction since 2",
			" UTC (", "idle in transaction", "its query: ",
		} {
			if !strings.Contains(f.Sentence, want) {
				t.Errorf("%q lacks %q", f.Sentence, want)
			}
		}
		if !strings.HasSuffix(f.Remedy, "SELECT pg_terminate_backend("+pid(conn)+")") {
			t.Errorf("remedy %q", f.Remedy)
		}
		return
	}
	t.Errorf("nobody names pid %s: %+v", pid(conn), a.Findings)
}

// A claim that holds the row for a moment is in nobody's way.
func TestWhyNamesNobodyWhoHoldsTheRowForAMoment(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	conn := storetest.Conn(t, url)
	done := make(chan struct{})
	ended := make(chan error, 1)
	go func() { // some hundred transactions, each for a few milliseconds
		for {
			select {
			case <-done:
				ended <- nil
				return
			default:
			}
			if _, err := conn.Exec(t.Context(),
				"SELECT pg_sleep(0.005) FROM (SELECT FROM pgdue.next_run_times FOR UPDATE) one"); err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 5 {
		wantCodes(t, ask(t, s, "j"))
	}
	close(done)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// The look at locks is no lock itself where nobody holds the row: a claim at the same time finds it.
func TestWhyLocksNothing(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	conn := storetest.Conn(t, url)
	before := storetest.Query[string](t, conn, "SELECT xmin || ' ' || xmax FROM pgdue.next_run_times")
	ask(t, s, "j")
	if after := storetest.Query[string](t, conn,
		"SELECT xmin || ' ' || xmax FROM pgdue.next_run_times"); after != before {
		t.Errorf("the row was %s and is %s", before, after)
	}
}

// A lock on a table holds up all jobs; the rows can often not even be read then.
func TestWhyNamesWhoLocksATable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, statement, table, mode string
		unread                       bool
	}{
		{"next run times", "LOCK TABLE pgdue.next_run_times", "next_run_times", "AccessExclusiveLock", true},
		{"no writes", "LOCK TABLE pgdue.next_run_times IN SHARE MODE", "next_run_times", "ShareLock", false},
		{"jobs", "ALTER TABLE pgdue.jobs ADD COLUMN x int", "jobs", "AccessExclusiveLock", true},
		{"instances", "LOCK TABLE pgdue.running_instances IN EXCLUSIVE MODE", "running_instances", "ExclusiveLock",
			false},
		{"history", "CREATE INDEX ON pgdue.run_history_default (outcome)", "run_history_default", "ShareLock", false},
		{"history with its partitions", "LOCK TABLE pgdue.run_history", "run_history", "AccessExclusiveLock", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, s := served(t)
			conn := session(t, url, "migration", c.statement)
			a := ask(t, s, "j")
			wantCodes(t, a, "table_locked!")
			wantHolder(t, a, conn, "migration")
			if want := "the table pgdue." + c.table +
				" is locked: pid "; !strings.HasPrefix(a.Findings[0].Sentence, want) ||
				!strings.Contains(a.Findings[0].Sentence, " holds "+c.mode+" ") {
				t.Errorf("it says %q", a.Findings[0].Sentence)
			}
			if a.Unread != c.unread {
				t.Errorf("unread is %t", a.Unread)
			}
		})
	}
}

// Who waits for a table's lock holds up all who come later, and is named with those that it waits for.
func TestWhyNamesWhoWaitsForATable(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	conn := storetest.Conn(t, url)
	reader := session(t, url, "report", "SELECT FROM pgdue.next_run_times")
	waits := session(t, url, "migration")
	locked := make(chan error, 1)
	go func() {
		_, err := waits.Exec(t.Context(), "LOCK TABLE pgdue.next_run_times")
		locked <- err
	}()
	storetest.Await(t, conn, "the lock to be waited for",
		"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'pgdue.next_run_times'::regclass)")
	a := ask(t, s, "j")
	wantCodes(t, a, "table_locked!")
	if want := "waits, behind pid " + pid(reader) +
		", for AccessExclusiveLock on it, "; !strings.Contains(a.Findings[0].Sentence, want) || !a.Unread {
		t.Errorf("it says %q, unread is %t", a.Findings[0].Sentence, a.Unread)
	}
	if !strings.HasPrefix(a.Verdict, "j cannot be read: the table pgdue.next_run_times is locked: pid ") {
		t.Errorf("verdict %q", a.Verdict)
	}
	storetest.Exec(t, reader, "ROLLBACK")
	if err := <-locked; err != nil {
		t.Fatal(err)
	}
}

// Who holds the row and waits for a table that another one has locked is no culprit.
func TestWhyNamesNoVictimOfALock(t *testing.T) {
	t.Parallel()
	url, s := served(t)
	culprit := session(t, url, "migration", "LOCK TABLE pgdue.jobs IN EXCLUSIVE MODE")
	victim := session(t, url, "pgdue", "SELECT FROM pgdue.next_run_times FOR UPDATE")
	ended := make(chan error, 1)
	go func() {
		_, err := victim.Exec(t.Context(), "SELECT FROM pgdue.jobs FOR UPDATE")
		ended <- err
	}()
	storetest.Await(t, storetest.Conn(t, url), "the table to be waited for",
		"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'pgdue.jobs'::regclass)")
	a := ask(t, s, "j")
	wantCodes(t, a, "table_locked!")
	wantHolder(t, a, culprit, "migration")
	storetest.Exec(t, culprit, "ROLLBACK")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// A database user who may see little is told so, and what would help.
func TestWhyOfWhoMaySeeLittle(t *testing.T) {
	t.Parallel()
	url, _ := served(t)
	admin, dropper := storetest.Conn(t, url), storetest.Conn(t, url)
	role := fmt.Sprintf("pgdue_why_%d", admin.PgConn().PID())
	storetest.Exec(t, admin, "CREATE ROLE "+role+" LOGIN PASSWORD 'w'")
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := dropper.Exec(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	})
	storetest.Exec(t, admin, "GRANT USAGE ON SCHEMA pgdue TO "+role)
	storetest.Exec(t, admin, "GRANT SELECT ON ALL TABLES IN SCHEMA pgdue TO "+role)
	config := storetest.Config(t, url)
	config.ConnConfig.User, config.ConnConfig.Password = role, "w"
	s := storetest.OpenConfig(t, config)
	conn := session(t, url, "psql of ada", "SELECT FROM pgdue.next_run_times FOR UPDATE")
	a := ask(t, s, "j")
	wantCodes(t, a, "row_locked!")
	for _, want := range []string{"pid " + pid(conn) + ", user ", `application_name "psql of ada"`,
		"GRANT pg_read_all_stats TO"} {
		if !strings.Contains(a.Findings[0].Sentence, want) {
			t.Errorf("%q lacks %q", a.Findings[0].Sentence, want)
		}
	}
}

// A run that cannot be stopped is told of, until its next attempt.
func TestWhyARunIsStuck(t *testing.T) {
	t.Parallel()
	s, gate := storetest.Open(t), make(chan struct{})
	d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
	d.MaxInstances = 2
	add(t, s, d)
	n := newNode(t, s, &work{gate: gate})
	if _, err := s.RunNow(t.Context(), "j", "", job.Author{}); err != nil {
		t.Fatal(err)
	}
	tick(t, n)
	views, err := s.Runs(t.Context(), job.RunFilter{JobID: "j", Limit: 1})
	if err != nil || len(views) != 1 {
		t.Fatal(views, err)
	}
	if err := s.Trouble(t.Context(), views[0].Run, "process 7 runs as user 0"); err != nil {
		t.Fatal(err)
	}
	a := ask(t, s, "j")
	wantCodes(t, a, "stuck")
	if !strings.Contains(a.Findings[0].Sentence, "process 7 runs as user 0") {
		t.Errorf("%q", a.Findings[0].Sentence)
	}
	close(gate)
	finish(t, n)
	wantCodes(t, ask(t, s, "j"))
}
