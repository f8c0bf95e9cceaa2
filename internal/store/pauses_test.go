package store_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

var (
	everything = job.Scope{}
	teamWeb    = job.Scope{LabelName: "team", LabelValue: "web"}
	tierA      = job.Scope{LabelName: "tier", LabelValue: "a"}
)

// labelled is an interval job with both labels.
func labelled(t testing.TB, id, every string) job.Definition {
	t.Helper()
	d := storetest.Job(t, id, `{"type":"interval","every":"`+every+`"}`)
	d.Labels = map[string]string{"team": "web", "tier": "a"}
	return d
}

func pauseMany(t testing.TB, s *store.Store, scope job.Scope) job.Paused {
	t.Helper()
	p, err := s.PauseMany(t.Context(), scope, job.Author{Actor: "ada@web-1", Reason: "release 7"})
	if err != nil {
		t.Fatal("pause: ", err)
	}
	return p
}

func resumeMany(t testing.TB, s *store.Store, scope job.Scope, runMissed bool) job.Resumed {
	t.Helper()
	r, err := s.ResumeMany(t.Context(), scope, runMissed, job.Author{Actor: "bob"})
	if err = errors.Join(err, r.DueError); err != nil {
		t.Fatal("resume: ", err)
	}
	return r
}

// history is what run_history holds, in minutes after the first job's anchor.
func history(t testing.TB, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		SELECT format('%s %s %s..%s x%s', h.job_id, coalesce(h.reason, h.outcome), round(extract(epoch FROM h.first_run_time - a.anchor) / 60),
		              round(extract(epoch FROM h.last_run_time - a.anchor) / 60), h.fire_count)
		FROM pgdue.run_history h, (SELECT min(anchor) AS anchor FROM pgdue.jobs) a
		WHERE h.final ORDER BY h.job_id, h.first_run_time, h.cause DESC`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A paused label holds its jobs, also one that is added later, and no others; each says so. Afterwards what they missed
// is one record, and they go on.
func TestPausedLabelHoldsItsJobs(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s, later := storetest.OpenURL(t, url), storeAt(t, url, 35*time.Minute)
	add(t, s, labelled(t, "a", "10m"))
	add(t, s, storetest.Job(t, "free", `{"type":"interval","every":"10m"}`))

	if p := pauseMany(t, s, teamWeb); p.Already || p.Jobs != 1 || p.PausedAt.IsZero() {
		t.Errorf("paused: %+v", p)
	}
	if o := add(t, s, labelled(t, "b", "10m")); o.State != job.StateActive || o.Held.With != "label team=web" ||
		o.Held.By != "ada@web-1" ||
		!strings.HasPrefix(o.Problem, "paused with label team=web since 20") ||
		!strings.HasSuffix(o.Problem, " UTC by ada@web-1: release 7; `scheduler resume --label team=web` ends that") {
		t.Errorf("a job that is added later: %+v", o)
	}
	first, err := s.PauseMany(t.Context(), teamWeb, job.Author{Actor: "cy", Reason: "why not"})
	if err != nil || !first.Already || first.PausedBy != "ada@web-1" || first.Jobs != 2 {
		t.Errorf("paused twice: %+v, %v", first, err)
	}
	w := &work{}
	n := newNode(t, later, w)
	tick(t, n)
	finish(t, n)
	if diff := cmp.Diff([]string{"free coalesced 10..20 x2", "free succeeded 30..30 x1"},
		history(t, conn)); diff != "" {
		t.Errorf("while it is paused (-want +got):\n%s", diff)
	}
	parked := storetest.Query[bool](t, conn,
		"SELECT bool_and(due_at > pgdue.now() + interval '40 minutes') FROM pgdue.next_run_times WHERE "+
			"job_id <> 'free'")
	if !parked {
		t.Error("the jobs that are paused are looked at again soon")
	}
	if _, err := later.RunNow(t.Context(), "a", "", job.Author{}); !errors.Is(err, job.ErrPaused) ||
		!strings.Contains(err.Error(), "label team=web, since 20") {
		t.Errorf("run now: %v", err)
	}
	if o, err := later.Resume(t.Context(), "a", true, job.Author{}); err != nil || !o.Nothing() {
		t.Errorf("resuming a job that is not paused by itself: %+v, %v", o, err)
	}
	if o := overview(t, s, "a"); o.State != job.StateActive || o.Held.With != "label team=web" {
		t.Errorf("a job whose label is paused is shown as %+v", o)
	}

	if r := resumeMany(t, later, teamWeb, false); !r.Was || r.MadeDue != 2 || r.PausedBy != "ada@web-1" {
		t.Errorf("resumed: %+v", r)
	}
	tick(t, n)
	finish(t, n)
	if diff := cmp.Diff([]string{"a paused 10..30 x3", "b paused 10..30 x3"}, ofAB(history(t, conn))); diff != "" {
		t.Errorf("after it (-want +got):\n%s", diff)
	}
	if again := resumeMany(t, later, teamWeb, true); again.Was {
		t.Errorf("resumed twice: %+v", again)
	}
	if o, err := later.Job(t.Context(), "a"); err != nil || o.State != job.StateActive || o.Held.With != "" ||
		o.Problem != "" || !o.PausedAt.IsZero() {
		t.Errorf("after it: %+v, %v", o, err)
	}
	if _, err := s.PauseMany(t.Context(), job.Scope{LabelName: "team", LabelValue: "wbe"},
		job.Author{}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("an unknown label: %v", err)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.pauses"); n != 1 {
		t.Errorf("%d pauses are recorded, want 1", n)
	}
}

func ofAB(rows []string) (list []string) {
	for _, r := range rows {
		if !strings.HasPrefix(r, "free") {
			list = append(list, r)
		}
	}
	return list
}

// While everything is paused a node locks nothing and polls. Afterwards what was missed is one record each, and with
// run-missed one run each.
func TestEverythingPaused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s, later := storetest.OpenURL(t, url), storeAt(t, url, 35*time.Minute)
	add(t, s, storetest.Job(t, "a", `{"type":"interval","every":"10m"}`))
	w := &work{}
	n := newNode(t, later, w)
	pauseMany(t, s, everything)
	before := storetest.Query[string](t, conn, "SELECT xmin::text || xmax FROM pgdue.next_run_times")
	next, err := n.Tick(t.Context())
	if err != nil || time.Until(next) < 4*time.Second {
		t.Errorf("looks again in %s, want a poll; %v", time.Until(next), err)
	}
	if after := storetest.Query[string](t, conn,
		"SELECT xmin::text || xmax FROM pgdue.next_run_times"); after != before {
		t.Error("a paused job's row was locked or written")
	}
	if p := pauseMany(t, s, everything); !p.Already {
		t.Errorf("paused twice: %+v", p)
	}
	if o, err := s.Job(t.Context(), "a"); err != nil || o.State != job.StateActive || o.Held.With != "everything" ||
		!strings.Contains(o.Problem, "`scheduler resume --all` ends that") {
		t.Errorf("the job says: %+v, %v", o, err)
	}
	if _, err := s.RunNow(t.Context(), "a", "", job.Author{}); !errors.Is(err, job.ErrPaused) {
		t.Errorf("run now: %v", err)
	}
	if n := len(w.executed()); n != 0 {
		t.Errorf("%d runs began", n)
	}
	if r := resumeMany(t, later, everything, true); !r.Was || r.ResumedAt.IsZero() {
		t.Errorf("resumed: %+v", r)
	}
	tick(t, n)
	tick(t, n)
	finish(t, n)
	want := []string{"a paused 10..30 x3", "a succeeded 35..35 x1"}
	if diff := cmp.Diff(want, history(t, conn)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := resumeMany(t, later, everything, true); r.Was {
		t.Errorf("resumed twice: %+v", r)
	}
	if by := storetest.Query[string](t, conn,
		"SELECT paused_by || ' ' || resumed_by FROM pgdue.pauses"); by != "ada@web-1 bob" {
		t.Errorf("the pause is recorded as by %s", by)
	}
}

// A pause that is committed after a claim has locked its jobs, and before it reads, is obeyed: the lock's snapshot is
// older.
func TestPauseBetweenLockAndReadIsObeyed(t *testing.T) {
	t.Parallel()
	for _, scope := range []job.Scope{everything, teamWeb} {
		t.Run(scope.String(), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			s := storetest.OpenURL(t, url)
			add(t, s, labelled(t, "a", "10m"))
			between := &beforeRead{do: func() { pauseMany(t, s, scope) }}
			config := storetest.Config(t, url)
			config.ConnConfig.RuntimeParams["pgdue.clock_offset"] = "15m"
			config.ConnConfig.Tracer = between
			w := &work{}
			n := newNode(t, storetest.OpenConfig(t, config), w)
			tick(t, n)
			finish(t, n)
			if !between.done {
				t.Fatal("no claim read anything")
			}
			if n := len(w.executed()); n != 0 {
				t.Errorf("%d runs began", n)
			}
			if rows := history(t, conn); len(rows) > 0 {
				t.Errorf("decided: %v", rows)
			}
			// The end of a label's pause wakes what it holds, that of everything wakes nobody: all must have stayed
			// due.
			parked := storetest.Query[bool](t, conn,
				"SELECT due_at > pgdue.now() + interval '15 minutes' FROM pgdue.next_run_times")
			if parked == scope.Everything() {
				t.Errorf("parked: %t", parked)
			}
		})
	}
}

// beforeRead does something once before the batch with which a claim reads.
type beforeRead struct {
	do   func()
	done bool
}

func (b *beforeRead) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	if !b.done && strings.Contains(data.Batch.QueuedQueries[0].SQL, "claim_live: ") {
		b.done = true
		b.do()
	}
	return ctx
}
func (b *beforeRead) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (b *beforeRead) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}
func (b *beforeRead) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (b *beforeRead) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A look that saw the pause still on parks its job after the resume has committed; the resume waits for it and wakes
// the job.
func TestResumeWakesWhatALookParksMeanwhile(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s, later := storetest.OpenURL(t, url), storeAt(t, url, 15*time.Minute)
	add(t, s, labelled(t, "a", "10m"))
	pauseMany(t, s, teamWeb)
	node := registered(t, s, "n")
	resumed := make(chan job.Resumed, 1)
	claim, err := later.Claim(t.Context(),
		policy.ClaimRequest{Node: node.ID, Want: map[string]int{job.KindExec.Name: 9}},
		func(l policy.Look) policy.Decision {
			go func() {
				r, _ := later.ResumeMany(context.WithoutCancel(t.Context()), teamWeb, false, job.Author{})
				resumed <- r
			}()
			storetest.Await(t, conn, "the resume's commit", "SELECT resumed_at IS NOT NULL FROM pgdue.pauses")
			storetest.Await(t, conn, "the resume's wait for the job",
				"SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
			return policy.Plan(l)
		})
	if err != nil || len(claim.Decided) != 1 {
		t.Fatal(claim, err)
	}
	if r := <-resumed; r.MadeDue != 1 || r.DueError != nil {
		t.Errorf("resumed: %+v", r)
	}
	if !storetest.Query[bool](t, conn,
		"SELECT due_at <= pgdue.now() + interval '15 minutes' FROM pgdue.next_run_times") {
		t.Error("the job is parked although its pause is over")
	}
}

// A job that stays locked is not made due by the resume, which says so; its turn comes.
func TestResumeLeavesOutWhatStaysLocked(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s, later := storetest.OpenURL(t, url), storeAt(t, url, 15*time.Minute)
	later.SetLockLimit(50 * time.Millisecond)
	add(t, s, labelled(t, "a", "10m"))
	pauseMany(t, s, teamWeb)
	w := &work{}
	n := newNode(t, later, w)
	tick(t, n)
	storetest.Exec(t, conn, "BEGIN; SELECT FROM pgdue.next_run_times FOR UPDATE")
	r, err := later.ResumeMany(t.Context(), teamWeb, false, job.Author{})
	storetest.Exec(t, conn, "ROLLBACK")
	if err != nil || !r.Was || r.MadeDue != 0 || !errors.Is(r.DueError, job.ErrLocked) {
		t.Fatalf("resumed: %+v, %v", r, err)
	}
	much := newNode(t, storeAt(t, url, 26*time.Minute), w) // when it is looked at by itself
	tick(t, much)
	finish(t, much)
	if diff := cmp.Diff([]string{"a paused 10..10 x1", "a succeeded 20..20 x1"}, history(t, conn)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What waited, or was between two attempts, when a pause came goes on after it.
func TestHeldWorkGoesOnAfterAPause(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	add(t, s, labelled(t, "waits", "10m"))
	d := labelled(t, "retries", "10m")
	d.MaxAttempts = 2
	add(t, s, d)
	if _, err := s.RunNow(t.Context(), "waits", "", job.Author{}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, conn, `
		INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, state, started_at, not_before, job_revision, fire_count, first_run_time, last_run_time)
		SELECT 'retries', gen_random_uuid(), now(), 'manual', 1, 'retrying', now(), now(), revision, 1, now(), now() FROM pgdue.jobs WHERE id = 'retries'`)
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = now()")
	pauseMany(t, s, teamWeb)
	w := &work{}
	n := newNode(t, s, w)
	tick(t, n)
	tick(t, n)
	finish(t, n)
	if n := len(w.executed()); n != 0 {
		t.Fatalf("%d runs began in the pause", n)
	}
	if !storetest.Query[bool](t, conn, "SELECT bool_and(due_at > now()) FROM pgdue.next_run_times") {
		t.Error("the jobs are looked at again and again")
	}
	if r := resumeMany(t, s, teamWeb, false); r.MadeDue != 2 {
		t.Errorf("%d jobs are made due, want both", r.MadeDue)
	}
	tick(t, n)
	finish(t, n)
	if n := len(w.executed()); n != 2 {
		t.Errorf("%d runs went on, want both", n)
	}
}

// A job with jitter that a pause held is not taken for one whose fire was to begin after the pause.
func TestHeldJobWithJitterIsWoken(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s, later := storetest.OpenURL(t, url), storeAt(t, url, 15*time.Minute)
	d := labelled(t, "a", "10m")
	d.Trigger = storetest.Job(t, "a", `{"type":"interval","every":"10m","jitter":"9m"}`).Trigger
	add(t, s, d)
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET due_at = next_run_time + interval '2 minutes'")
	pauseMany(t, s, teamWeb)
	n := newNode(t, later, &work{})
	tick(t, n)
	resumeMany(t, later, teamWeb, false)
	tick(t, n)
	finish(t, n)
	if diff := cmp.Diff([]string{"a paused 10..10 x1"}, history(t, conn)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The list has everything first, then labels, then jobs.
func TestPausesAreListed(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for _, id := range []string{"a", "b", "c"} {
		add(t, s, labelled(t, id, "1h"))
		if _, err := s.Pause(t.Context(), id, job.Author{Actor: "ada", Reason: "because"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, scope := range []job.Scope{tierA, teamWeb, everything} {
		pauseMany(t, s, scope)
	}
	list, err := s.Pauses(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		got = append(got, p.Scope.String()+" "+p.PausedBy+": "+p.Reason)
	}
	want := []string{"everything ada@web-1: release 7", "label team=web ada@web-1: release 7",
		"label tier=a ada@web-1: release 7", "job a ada: because", "job b ada: because"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	o, err := s.Job(t.Context(), "a")
	if err != nil || o.Held.With != "" || o.PausedBy != "ada" {
		t.Errorf("a job that is paused by itself besides says so first: %+v, %v", o, err)
	}
	if lasting, err := s.Lasting(t.Context()); err != nil || len(lasting) != 3 {
		t.Errorf("for the log: %v, %v", lasting, err)
	}
}

// Pauses that ended are kept as long as history is, and those that last for ever.
func TestOldPausesAreForgotten(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := storetest.OpenURL(t, url)
	add(t, s, labelled(t, "a", "1h"))
	pauseMany(t, s, teamWeb)
	resumeMany(t, s, teamWeb, false)
	pauseMany(t, s, tierA)
	if _, err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.pauses"); n != 2 {
		t.Errorf("%d pauses are kept, want both", n)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.pauses SET paused_at = paused_at - interval '40 days', resumed_at = "+
		"resumed_at - interval '31 days'")
	if _, err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := storetest.Query[string](t, conn, "SELECT label_name FROM pgdue.pauses"); left != "tier" {
		t.Errorf("%s is left", left)
	}
}

// Looking for a pause of everything costs a claim one row, and not its way through the index.
func TestClaimLocksByTheIndex(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	storetest.Exec(t, conn, `
		INSERT INTO pgdue.jobs (id, trigger, executor, payload, anchor, created_at, updated_at, revision, created_revision)
		SELECT 'job-' || n, '{}', 'exec', '{}', now(), now(), now(), n, n FROM generate_series(1, 5000) n;
		INSERT INTO pgdue.next_run_times (job_id, queue, state, next_run_time, due_at) SELECT id, 'exec', 'active', now(), now() FROM pgdue.jobs;
		ANALYZE pgdue.next_run_times`)
	statement, err := os.ReadFile("queries/claim_lock.sql")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN "+string(statement), pgx.NamedArgs{"queue": "exec", "limit": 100})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	plan := strings.Join(lines, "\n")
	for _, want := range []string{"Index Scan using next_run_times_due", "One-Time Filter: (NOT "} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %q:\n%s", want, plan)
		}
	}
	for _, bad := range []string{"Sort", "Seq Scan on next_run_times"} {
		if strings.Contains(plan, bad) {
			t.Errorf("the plan has a %s:\n%s", bad, plan)
		}
	}
}
