package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// fails adds a job that is paused and told of after three failures in a row.
func fails(t *testing.T, s *store.Store, id string) job.Definition {
	t.Helper()
	d := storetest.Job(t, id, `{"type":"interval","every":"1h"}`)
	d.OnFailure = &job.OnFailure{After: 3, Pause: true, HTTP: &job.HTTP{URL: "http://127.0.0.1:1/alert"}}
	add(t, s, d)
	return d
}

// end records runs of a job that began and ended just now, as they are given: an outcome, or one that is not final,
// such as "failed again".
func end(t *testing.T, conn *pgx.Conn, id string, outcomes ...string) {
	t.Helper()
	for _, o := range outcomes {
		outcome, again, _ := strings.Cut(o, " ")
		storetest.Exec(t, conn, `
			INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, reason, sentence, error,
				started_at, ended_at, first_run_time, last_run_time, job_revision)
			SELECT id, gen_random_uuid(), 1, $3, 'schedule', pgdue.now(), $2, CASE $2 WHEN 'skipped' THEN 'max_instances' END, $2, 'exit status 3',
				CASE WHEN $2 <> 'skipped' THEN pgdue.now() END, pgdue.now(), pgdue.now(), pgdue.now(), revision
			FROM pgdue.jobs WHERE id = $1`, id, outcome, again == "")
	}
}

// judge looks through all jobs as a node does.
func judge(t *testing.T, n *scheduler.Scheduler) {
	t.Helper()
	if err := n.JudgeAll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantAlerts compares all alerts of a job, oldest first: kind, state of the call, and whether the job was paused.
func wantAlerts(t *testing.T, conn *pgx.Conn, id, want string) {
	t.Helper()
	const alerts = `SELECT coalesce(string_agg(kind || ' ' || state || CASE WHEN paused THEN ' paused' ELSE '' END, ', ' ORDER BY number), '')
		FROM pgdue.alerts WHERE job_id = $1`
	if got := storetest.Query[string](t, conn, alerts, id); got != want {
		t.Errorf("alerts of %s: %q, want %q", id, got, want)
	}
}

func judged(t *testing.T) (s *store.Store, conn *pgx.Conn, n *scheduler.Scheduler) {
	t.Helper()
	url := storetest.URL(t)
	s = storetest.OpenURL(t, url)
	return s, storetest.Conn(t, url), newNode(t, s, &work{})
}

func resume(t *testing.T, s *store.Store, id string) {
	t.Helper()
	if _, err := s.Resume(t.Context(), id, false, job.Author{}); err != nil {
		t.Fatal(err)
	}
}

// After three failures in a row a job is paused and told of, once. Whoever resumes it has three more; the call is made
// anew only after it has recovered, which is told of as well.
func TestFailingJobIsPausedAndToldOfOnce(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	fails(t, s, "j")
	end(t, conn, "j", "failed", "failed again", "skipped", "timed_out", "cancelled")
	judge(t, n)
	wantAlerts(t, conn, "j", "")
	end(t, conn, "j", "lost")
	judge(t, n)
	judge(t, n)
	const first = "failure pending paused"
	wantAlerts(t, conn, "j", first)
	o, err := s.Job(t.Context(), "j")
	if err != nil || o.State != job.StatePaused || o.PausedBy != "pgdue" || !o.DueAt.IsZero() {
		t.Errorf("the job is %s by %q, due at %s, %v", o.State, o.PausedBy, o.DueAt, err)
	}
	if o.Revision <= o.CreatedRevision || !o.UpdatedAt.Equal(o.PausedAt) {
		t.Errorf("revision %d after %d, updated at %s, paused at %s", o.Revision, o.CreatedRevision, o.UpdatedAt,
			o.PausedAt)
	}
	if !strings.Contains(o.Problem, "by pgdue: 3 runs in a row failed, from 20") ||
		!strings.HasSuffix(o.Problem, "; the last: exit status 3") {
		t.Errorf("job_overview says %q", o.Problem)
	}
	const event = "SELECT format('%s by %s: %s', action, actor, reason = $1) FROM pgdue.job_events ORDER BY " +
		"id DESC LIMIT 1"
	if got := storetest.Query[string](t, conn, event, o.PausedReason); got != "paused by pgdue: t" {
		t.Errorf("the event says %q", got)
	}

	resume(t, s, "j")
	end(t, conn, "j", "failed", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", first)
	end(t, conn, "j", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", first+", failure no_call paused")
	resume(t, s, "j")
	end(t, conn, "j", "failed", "succeeded")
	judge(t, n)
	judge(t, n)
	wantAlerts(t, conn, "j", first+", failure no_call paused, recovery pending")
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", first+", failure no_call paused, recovery pending, failure pending paused")
}

// What ends a row, and what does not.
func TestFailuresInARow(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	for id, runs := range map[string]string{
		"broken":   "failed failed succeeded failed failed",
		"row":      "succeeded failed skipped failed cancelled failed",
		"one":      "failed",
		"missed":   "failed failed failed succeeded",
		"attempts": "failed",
	} {
		fails(t, s, id)
		end(t, conn, id, strings.Fields(runs)...)
	}
	end(t, conn, "attempts", "failed again", "failed again")
	judge(t, n)
	wantAlerts(t, conn, "broken", "")
	wantAlerts(t, conn, "row", "failure pending paused")
	wantAlerts(t, conn, "one", "")
	wantAlerts(t, conn, "missed", "failure pending, recovery pending") // nobody looked before the success
	wantAlerts(t, conn, "attempts", "")
}

// The successes of an hour may be one row, which stands where the last of them ended.
func TestFoldedSuccessesCount(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	d := fails(t, s, "j")
	d.History = job.HistoryErrors
	if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	end(t, conn, "j", "succeeded", "failed", "failed", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused")
	storetest.Exec(t, conn, "UPDATE pgdue.run_history SET fire_count = 2, last_run_time = pgdue.now(), ended_at = "+
		"pgdue.now() WHERE outcome = 'succeeded'")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused, recovery pending")
	// What lies within the hour of such a row is no row of failures for sure.
	fails(t, s, "k")
	if _, err := s.Put(t.Context(), func() job.Definition { d := d; d.ID = "k"; return d }(),
		job.Author{}); err != nil {
		t.Fatal(err)
	}
	end(t, conn, "k", "failed", "failed", "failed", "succeeded")
	storetest.Exec(t, conn, "UPDATE pgdue.run_history SET fire_count = 9, first_run_time = first_run_time - interval "+
		"'1 minute' WHERE job_id = 'k' AND outcome = 'succeeded'")
	judge(t, n)
	wantAlerts(t, conn, "k", "")
}

// Runs that had begun before the job was paused for failures do not count as new ones.
func TestRunsOfBeforeThePauseDoNotCount(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	fails(t, s, "j")
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	end(t, conn, "j", "failed", "failed", "failed")
	storetest.Exec(t, conn, "UPDATE pgdue.run_history SET started_at = started_at - interval '1 minute'")
	resume(t, s, "j")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused")
	if o, err := s.Job(t.Context(), "j"); err != nil || o.State != job.StateActive {
		t.Errorf("the job is %s, %v", o.State, err)
	}
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused, failure no_call paused")
}

// A job that is removed and added again begins afresh: neither its predecessor's runs count nor its alerts.
func TestJobAddedAgainBeginsWithoutAlerts(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	d := fails(t, s, "j")
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	end(t, conn, "j", "failed", "failed")
	if _, err := s.Remove(t.Context(), "j", job.Author{}); err != nil {
		t.Fatal(err)
	}
	judge(t, n)
	add(t, s, d)
	// runs of before that end now
	storetest.Exec(t, conn, "UPDATE pgdue.run_history SET ended_at = pgdue.now(), started_at = pgdue.now()")
	judge(t, n)
	end(t, conn, "j", "succeeded")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused")
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused, failure pending paused")
	end(t, conn, "j", "succeeded")
	storetest.Exec(t, conn, `UPDATE pgdue.run_history SET job_revision = 1
		WHERE ended_at = (SELECT max(ended_at) FROM pgdue.run_history)`) // a run of before that succeeds only now
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused, failure pending paused")
}

// An edit leaves the state of alert as it is; what is told from then on goes where the definition says then.
func TestAlertStateSurvivesAnEdit(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	d := fails(t, s, "j")
	end(t, conn, "j", "failed", "failed", "failed")
	judge(t, n)
	d.OnFailure = &job.OnFailure{After: 1, HTTP: &job.HTTP{URL: "http://127.0.0.1:1/elsewhere"}}
	d.Trigger = storetest.Job(t, "j", `{"type":"interval","every":"2h"}`).Trigger // which ends the pause
	if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	end(t, conn, "j", "failed")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused")
	end(t, conn, "j", "succeeded")
	judge(t, n)
	wantAlerts(t, conn, "j", "failure pending paused, recovery pending")
	const urls = "SELECT string_agg(http ->> 'url', ' ' ORDER BY number) FROM pgdue.alerts"
	if got, want := storetest.Query[string](t, conn, urls),
		"http://127.0.0.1:1/alert http://127.0.0.1:1/elsewhere"; got != want {
		t.Errorf("the calls go to %s, want %s", got, want)
	}
}

// Silence is told of once, not while a person knows that nothing runs; a success ends it.
func TestSilentJob(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	quiet := func(id string, d time.Duration) {
		d0 := storetest.Job(t, id, `{"type":"interval","every":"1h"}`)
		d0.Labels = map[string]string{"team": id}
		d0.OnFailure = &job.OnFailure{After: 3, HTTP: &job.HTTP{URL: "http://127.0.0.1:1/alert"}}
		d0.AlertIfNoSuccessFor = 2 * time.Hour
		add(t, s, d0)
		storetest.Exec(t, conn,
			"UPDATE pgdue.jobs SET created_at = created_at - interval '1 day', updated_at = updated_at - "+
				"$2::interval WHERE id = $1", id, d)
	}
	quiet("silent", 3*time.Hour)
	quiet("soon", time.Hour)
	quiet("well", 3*time.Hour)
	quiet("paused", time.Hour)
	quiet("labelled", 3*time.Hour)
	quiet("released", 3*time.Hour)
	end(t, conn, "well", "succeeded")
	if _, err := s.Pause(t.Context(), "paused", job.Author{}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.jobs SET updated_at = updated_at - interval '1 day' WHERE id = 'paused'")
	storetest.Exec(t, conn, `INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by, resumed_at)
		VALUES ('team', 'labelled', pgdue.now(), 'ada', NULL), ('team', 'released', pgdue.now(), 'ada', pgdue.now())`)
	judge(t, n)
	judge(t, n)
	wantAlerts(t, conn, "silent", "silence pending")
	for _, id := range []string{"soon", "well", "paused", "labelled", "released"} {
		wantAlerts(t, conn, id, "")
	}
	end(t, conn, "silent", "succeeded")
	judge(t, n)
	wantAlerts(t, conn, "silent", "silence pending, recovery pending")
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET paused_at = pgdue.now(), paused_by = 'ada'")
	storetest.Exec(t, conn, "UPDATE pgdue.jobs SET updated_at = updated_at - interval '1 day' WHERE id = 'soon'")
	judge(t, n)
	wantAlerts(t, conn, "soon", "")
	storetest.Exec(t, conn, "UPDATE pgdue.settings SET paused_at = NULL, paused_by = NULL")
	judge(t, n)
	wantAlerts(t, conn, "soon", "silence pending")
}

// Nodes that judge at the same time find one thing once: all have read without a lock that the job fails, and wait for
// its lock.
func TestNodesThatJudgeAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, look := storetest.Conn(t, url), storetest.Conn(t, url)
	fails(t, storetest.OpenURL(t, url), "j")
	end(t, conn, "j", "failed", "failed", "failed")
	storetest.Exec(t, conn, "BEGIN")
	storetest.Exec(t, conn, "SELECT FROM pgdue.next_run_times FOR UPDATE")
	var nodes sync.WaitGroup
	for range 4 {
		n := newNode(t, storetest.OpenURL(t, url), &work{})
		nodes.Go(func() {
			err := job.ErrLocked
			for errors.Is(err, job.ErrLocked) { // the wait for a lock is short
				err = n.JudgeAll(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	storetest.Await(t, look, "three nodes to wait for the job", `
		SELECT count(*) >= 3 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	storetest.Exec(t, conn, "COMMIT")
	nodes.Wait()
	wantAlerts(t, conn, "j", "failure pending paused")
}

// A job whose lock somebody holds, or whose definition cannot be read, keeps no other from being judged.
func TestOneJobHoldsUpNoOthersJudgement(t *testing.T) {
	t.Parallel()
	s, conn, n := judged(t)
	for _, id := range []string{"held", "nonsense", "no-trigger", "other"} {
		fails(t, s, id)
		end(t, conn, id, "failed", "failed", "failed")
	}
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET on_failure = '{"after": "three"}' WHERE id = 'nonsense'`)
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET trigger = '{}' WHERE id = 'no-trigger'`)
	storetest.Exec(t, conn, "BEGIN")
	storetest.Exec(t, conn, "SELECT FROM pgdue.next_run_times WHERE job_id = 'held' FOR UPDATE")
	if err := n.JudgeAll(t.Context()); !errors.Is(err, job.ErrLocked) ||
		!strings.Contains(err.Error(), "judge job held") {
		t.Errorf("judging a job that is locked: %v", err)
	}
	wantAlerts(t, conn, "other", "failure pending paused")
	wantAlerts(t, conn, "nonsense", "")
	wantAlerts(t, conn, "no-trigger", "")
	storetest.Exec(t, conn, "COMMIT")
	judge(t, n)
	wantAlerts(t, conn, "held", "failure pending paused")
	if got := storetest.Query[string](t, conn,
		"SELECT trigger::text FROM pgdue.jobs WHERE id = 'no-trigger'"); got != "{}" {
		t.Errorf("what could not be read was written as %s", got)
	}
}

// A verdict whose commit got no answer is not written twice, and one that was not persisted is found again.
func TestVerdictWhoseCommitIsLost(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*storetest.Wire){"before": (*storetest.Wire).CutCommitBefore,
		"after": (*storetest.Wire).CutCommitAfter} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			wire := &storetest.Wire{}
			s := wire.Open(t, url)
			n := newNode(t, s, &work{})
			fails(t, s, "j")
			end(t, conn, "j", "failed", "failed", "failed")
			cut(wire)
			if err := n.JudgeAll(t.Context()); !errors.Is(err, job.ErrCommitUnknown) {
				t.Fatalf("judging: %v", err)
			}
			wantAlerts(t, conn, "j", map[string]string{"before": "", "after": "failure pending paused"}[name])
			judge(t, n)
			wantAlerts(t, conn, "j", "failure pending paused")
		})
	}
}
