package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// unprivileged is the URL of a role that owns nothing, and has the rights on the tables that docs/operations.md grants.
func unprivileged(t *testing.T, url string, conn *pgx.Conn) string {
	t.Helper()
	role := "node_" + storetest.Query[string](t, conn, "SELECT current_database()")
	storetest.Exec(t, conn, "CREATE ROLE "+role)
	t.Cleanup(func() { dropRole(t, url, role) })
	storetest.Exec(t, conn, "GRANT USAGE ON SCHEMA pgdue TO "+role)
	storetest.Exec(t, conn, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgdue TO "+role)
	storetest.Exec(t, conn, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgdue TO "+role)
	return withParam(t, url, "role", role)
}

func dropRole(t *testing.T, url, role string) {
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
		t.Error(err)
	}
}

// days are the partitions of run_history but the DEFAULT one, in days from today.
const days = `SELECT coalesce(string_agg((starts_at AT TIME ZONE 'UTC')::date - (pgdue.now() AT TIME ZONE 'UTC')::date || '', ' ' ORDER BY starts_at), '')
	FROM pgdue.history_partitions WHERE starts_at IS NOT NULL`

const fortnight = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14"

// makeDays makes the partitions of some days, which are counted from today.
func makeDays(t *testing.T, conn *pgx.Conn, from, more int) {
	t.Helper()
	storetest.Exec(t, conn, fmt.Sprintf("SET pgdue.clock_offset = '%d days'", from))
	storetest.Exec(t, conn, "SELECT pgdue.make_history_partitions($1)", more)
	storetest.Exec(t, conn, "RESET pgdue.clock_offset")
}

// insertSkip records a skip that ended some days before or after now.
func insertSkip(t *testing.T, conn *pgx.Conn, job string, day int) {
	t.Helper()
	storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, reason, sentence,
		ended_at, first_run_time, last_run_time, job_revision)
		SELECT $1, gen_random_uuid(), 1, true, 'schedule', at, 'skipped', 'misfire', 'late', at, at, at, 1
		FROM (SELECT pgdue.now() + make_interval(days => $2) AS at) a`, job, day)
}

func maintain(t *testing.T, s *store.Store) job.Housekeeping {
	t.Helper()
	h, err := s.Maintain(t.Context())
	if err != nil {
		t.Fatal("maintain: ", err)
	}
	return h
}

// A node whose role owns nothing makes partitions ahead, moves what the DEFAULT one has taken meanwhile, and drops what
// is past the retention, no row of which is newer.
func TestHousekeepingByARoleThatOwnsNothing(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	makeDays(t, conn, -33, 4) // to 29 days ago: rows of 30 days ago are partly newer than the retention
	storetest.Exec(t, conn, "DO $$ BEGIN EXECUTE format('DROP TABLE pgdue.run_history_%s', to_char(now() AT TIME "+
		"ZONE 'UTC' + interval '3 days', 'YYYYMMDD')); END $$")
	storetest.Exec(t, conn, "DO $$ BEGIN EXECUTE format('DROP TABLE pgdue.run_history_%s', to_char(now() AT TIME "+
		"ZONE 'UTC', 'YYYYMMDD')); END $$")
	for _, day := range []int{-40, -32, -29, -5, -2, 0, 0, 3, 20} {
		insertSkip(t, conn, "j", day)
	}
	if got := storetest.Query[int](t, conn, "SELECT pgdue.history_days_ahead()"); got != -1 {
		t.Errorf("%d days ahead while today has no partition, want -1", got)
	}

	h := maintain(t, storetest.OpenURL(t, unprivileged(t, url, conn)))
	if !h.Known || h.DaysAhead != 14 {
		t.Errorf("%+v, want 14 days ahead", h)
	}
	if got, want := storetest.Query[string](t, conn, days), "-30 -29 -5 -2 "+fortnight+" 20"; got != want {
		t.Errorf("partitions of the days %s, want %s", got, want)
	}
	if h.Made != 6 || h.Dropped != 4 { // 40, 5, 2 days ago, today, in 3 and in 20 days; 40, 33, 32, 31 days ago
		t.Errorf("made %d and dropped %d, want 6 and 4", h.Made, h.Dropped)
	}
	if got := storetest.Query[string](t, conn,
		"SELECT string_agg(round(extract(epoch FROM ended_at - now()) / 86400)::text, ' ' ORDER BY ended_at) FROM "+
			"pgdue.run_history"); got != "-29 -5 -2 0 0 3 20" {
		t.Errorf("rows of the days %s", got)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history_default"); n != 0 {
		t.Errorf("%d rows left in run_history_default", n)
	}
}

// The functions that run as the owner serve only who may delete the rows anyway.
func TestHistoryFunctionsAskForRights(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	asNode := storetest.Conn(t, unprivileged(t, url, conn))
	role := storetest.Query[string](t, asNode, "SELECT current_user::text")
	storetest.Exec(t, conn, "REVOKE DELETE ON pgdue.run_history FROM "+role)
	for _, call := range []string{"pgdue.make_history_partitions()", "pgdue.drop_history_partitions()"} {
		if _, err := asNode.Exec(t.Context(), "SELECT "+call); sqlState(err) != "42501" ||
			!strings.Contains(err.Error(), role+" may not DELETE from pgdue.run_history") {
			t.Errorf("%s: %v, want a refusal", call, err)
		}
	}
	if _, err := conn.Exec(t.Context(), "SELECT pgdue.make_history_partitions(1000000)"); sqlState(err) != "22023" {
		t.Errorf("a million days: %v, want a refusal", err)
	}
}

// Who reads run_history for long keeps partitions from being made and dropped, and nothing else: ends of runs are
// recorded meanwhile, and the housekeeping catches up afterwards.
func TestLongReaderHoldsUpNoCompletion(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	makeDays(t, conn, -35, 0)
	storetest.Exec(t, conn, "DO $$ BEGIN EXECUTE format('DROP TABLE pgdue.run_history_%s', to_char(now() AT TIME "+
		"ZONE 'UTC' + interval '2 days', 'YYYYMMDD')); END $$")
	reader := storetest.Conn(t, url)
	storetest.Exec(t, reader, "BEGIN")
	storetest.Exec(t, reader, "SELECT count(*) FROM pgdue.run_history")

	stop, ended := make(chan struct{}), make(chan time.Duration, 1)
	var all sync.WaitGroup
	all.Go(func() { ended <- longestEnd(t, s, stop) })
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		h, err := s.Maintain(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "make partitions") ||
			!strings.Contains(err.Error(), "drop old partitions") {
			t.Errorf("beside a long reader: %v, want errors of both", err)
		}
		if !h.Known || h.DaysAhead != 1 {
			t.Errorf("beside a long reader %+v, want one day ahead", h)
		}
	}
	close(stop)
	all.Wait()
	longest := <-ended
	t.Logf("longest completion: %s", longest)
	if longest > time.Second {
		t.Errorf("a completion took %s", longest)
	}
	storetest.Exec(t, reader, "COMMIT")
	if h := maintain(t, s); h.Made != 1 || h.Dropped != 1 || h.DaysAhead != 14 {
		t.Errorf("after the reader: %+v", h)
	}
}

// longestEnd begins and ends runs until stop is closed, and says how long the longest completion took.
func longestEnd(t *testing.T, s *store.Store, stop <-chan struct{}) (longest time.Duration) {
	me := registered(t, s, "me")
	d := storetest.Job(t, "j", `{"type":"date"}`)
	for n := 0; ; n++ {
		select {
		case <-stop:
			if n < 3 {
				t.Errorf("only %d completions", n)
			}
			return longest
		default:
		}
		add(t, s, d)
		claim, err := s.Claim(t.Context(), one(me), plan)
		if err != nil || len(claim.Decided) != 1 {
			t.Errorf("claim: %+v, %v", claim, err)
			return longest
		}
		began := time.Now()
		end := job.Record{Run: claim.Decided[0].Decision.Begin[0].Run, Final: true, Outcome: job.Succeeded,
			Sentence: "succeeded", NodeID: me.ID, Node: me.Name}
		if done, err := s.Complete(t.Context(), []job.Record{end}); err != nil || len(done) != 1 {
			t.Errorf("complete: %v, %v", done, err)
		}
		longest = max(longest, time.Since(began))
	}
}

// What is over goes with the history, events of jobs that are removed and a removed job's alerts included. What lasts
// stays.
func TestOldEventsPausesAndAlertsAreForgotten(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	add(t, s, storetest.Job(t, "kept", `{"type":"interval","every":"1h"}`))
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET history_retention = '10 days'")
	storetest.Exec(t, conn, `INSERT INTO pgdue.job_events (job_id, at, actor, action)
		SELECT 'j', now() - make_interval(days => 20 - n / 200), 'ada', 'added' FROM generate_series(0, 3999) AS n`)
	storetest.Exec(t, conn, `INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by, resumed_at) VALUES
		('a', '1', now() - interval '20 days', 'ada', now() - interval '11 days'), ('a', '2', now() - interval '20 days', 'ada', now() - interval '9 days'),
		('a', '3', now() - interval '20 days', 'ada', NULL)`)
	storetest.Exec(t, conn, `INSERT INTO pgdue.alerts (id, job_id, created_revision, kind, at, sentence, since, run_ended_at, http, state, next_attempt_at)
		SELECT gen_random_uuid(), job_id, 1, 'failure', at, sentence, at, at, '{}', state, CASE state WHEN 'pending' THEN now() END
		FROM (VALUES ('kept', now() - interval '20 days', 'first', 'delivered'), ('kept', now() - interval '19 days', 'latest', 'delivered'),
		             ('gone', now() - interval '19 days', 'of a removed job', 'given_up'), ('gone', now() - interval '20 days', 'pending', 'pending'))
		     AS a(job_id, at, sentence, state)`)

	events := storetest.Query[int](t, conn,
		"SELECT count(*) FROM pgdue.job_events WHERE at < now() - interval '10 days'")
	if h := maintain(t, s); h.Forgotten != events+1+2 || events < 1000 {
		t.Errorf("forgot %d, want %d events, a pause and two alerts", h.Forgotten, events)
	}
	if got := storetest.Query[string](t, conn, `SELECT format('%s events, pauses %s, alerts %s',
		(SELECT count(*) FROM pgdue.job_events WHERE job_id = 'j'), (SELECT string_agg(label_value, ' ' ORDER BY id) FROM pgdue.pauses),
		(SELECT string_agg(sentence, ', ' ORDER BY sentence) FROM pgdue.alerts))`); got != fmt.Sprintf("%d events, pauses 2 3, alerts latest, pending", 4000-events) {
		t.Errorf("left: %s", got)
	}
}
