package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Claim begins due runs in one transaction of five steps: lock due jobs; read, in later statements, what stands around
// them; decide; write; commit. See scheduler.Store for its errors.
func (s *Store) Claim(ctx context.Context, r policy.ClaimRequest, decide func(policy.Look) policy.Decision) (policy.Claim, error) {
	c := policy.Claim{Node: r.Node}
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		due, err := lockDue(ctx, tx, r)
		if err != nil || len(due) == 0 {
			return err
		}
		looks, err := readLooks(ctx, tx, due)
		if err != nil {
			c.Decided = unread(due)
			return unreadable(ctx, tx, err)
		}
		if everythingPaused(looks) { // since the locks were asked for
			return nil
		}
		for _, l := range looks {
			c.Decided = append(c.Decided, policy.Decided{Look: l, Decision: decide(l)})
		}
		return writeDecisions(ctx, tx, r.Node, c.Decided)
	})
	return c, err
}

// unread lists locked jobs of which nothing more is known.
func unread(due []scheduleRow) []policy.Decided {
	list := make([]policy.Decided, len(due))
	for i, d := range due {
		list[i].Queue, list[i].Job.ID = d.Queue, d.JobID
	}
	return list
}

// unreadable is ErrRejected for an error of reading that lies in what was read: a value that has no place in Go, such as
// an infinite time. What the server says is judged by translate; what broke the connection, or was late, is trouble.
func unreadable(ctx context.Context, tx pgx.Tx, err error) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) || ctx.Err() != nil || tx.Conn().IsClosed() {
		return err
	}
	return fmt.Errorf("%w: %w", job.ErrRejected, err)
}

// lockDue locks due jobs, per queue, in one round trip.
func lockDue(ctx context.Context, tx pgx.Tx, r policy.ClaimRequest) ([]scheduleRow, error) {
	var due []scheduleRow
	b := &pgx.Batch{}
	for _, queue := range slices.Sorted(maps.Keys(r.Want)) {
		statement, args := claimLock, pgx.StrictNamedArgs{"queue": queue, "limit": r.Want[queue]}
		if r.Only != nil {
			statement, args["job_ids"] = claimLockOnly, r.Only
		}
		b.Queue(statement, args).Query(func(rows pgx.Rows) error {
			locked, err := pgx.CollectRows(rows, pgx.RowToStructByName[scheduleRow])
			due = append(due, locked...)
			return err
		})
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("lock due jobs: %w", err)
	}
	return due, nil
}

// readLooks reads definitions, instances and waiting runs of locked jobs. Each is a statement of its own, later than the
// lock: at READ COMMITTED its snapshot holds all that earlier holders of the locks have committed.
func readLooks(ctx context.Context, tx pgx.Tx, due []scheduleRow) ([]policy.Look, error) {
	ids := make([]string, len(due))
	for i := range due {
		ids[i] = due[i].JobID
	}
	var now time.Time
	jobs := map[string]jobRow{}
	live := map[string][]job.Instance{}
	waiting := map[string][]job.WaitingRun{}
	count := map[string]int{}
	args := pgx.StrictNamedArgs{"job_ids": ids}
	b := &pgx.Batch{}
	b.Queue(claimLive, args).Query(func(rows pgx.Rows) error {
		return each(rows, func(r instanceRow) { live[r.JobID] = append(live[r.JobID], r.instance()) })
	})
	b.Queue(claimWaiting, args).Query(func(rows pgx.Rows) error {
		return each(rows, func(r waitingRow) { waiting[r.JobID], count[r.JobID] = append(waiting[r.JobID], r.run()), r.Waiting })
	})
	// After them, so that a run that begins now is not said to begin before the end of one that was not counted any more.
	b.Queue(claimJobs, args).Query(func(rows pgx.Rows) error {
		type row struct {
			jobRow
			Now time.Time
		}
		return each(rows, func(r row) { jobs[r.ID], now = r.jobRow, r.Now.UTC() })
	})
	// Last, so that no run that begins now is said to have begun after the commit of a pause.
	var pauses []job.Pause
	b.Queue(claimPauses, pgx.StrictNamedArgs{"since": earliest(due)}).Query(func(rows pgx.Rows) error {
		return each(rows, func(r pauseRow) { pauses = append(pauses, r.pause()) })
	})
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("read due jobs: %w", err)
	}
	looks := make([]policy.Look, len(due))
	for i := range due {
		row := jobs[due[i].JobID]
		job, err := row.job(&due[i])
		looks[i] = policy.Look{
			Job: job, Queue: due[i].Queue, Now: now, Err: err, Live: live[job.ID],
			Waiting: waiting[job.ID], WaitingCount: count[job.ID], Pauses: job.Covering(pauses),
		}
	}
	return looks, readRecent(ctx, tx, looks)
}

// readRecent adds the recent durations of jobs at their limit, with which a skip is explained.
func readRecent(ctx context.Context, tx pgx.Tx, looks []policy.Look) error {
	byID := map[string]*policy.Look{}
	for i := range looks {
		if l := &looks[i]; len(l.Live) >= l.Job.MaxInstances {
			byID[l.Job.ID] = l
		}
	}
	if len(byID) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, claimRecent, pgx.StrictNamedArgs{"job_ids": slices.Collect(maps.Keys(byID))})
	if err != nil {
		return fmt.Errorf("read recent durations: %w", err)
	}
	type row struct {
		JobID   string
		Longest *time.Duration
		Gap     *time.Duration
	}
	return each(rows, func(r row) {
		l := byID[r.JobID]
		l.RecentDuration, l.RecentGap = deref(r.Longest), deref(r.Gap)
	})
}

// each calls do for each row.
func each[T any](rows pgx.Rows, do func(T)) error {
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	for _, r := range list {
		do(r)
	}
	return err
}

// writeDecisions writes what was decided in one pipelined batch that begins with holding the node's row, and checks the
// row counts.
func writeDecisions(ctx context.Context, tx pgx.Tx, node uuid.UUID, decided []policy.Decided) error {
	var (
		skips   []job.Record
		waits   []job.WaitingRun
		unwaits []job.Run
		begun   beginColumns
		retried beginColumns
		givenUp []policy.GivenUp
		cancels []policy.Replaced
		advance advanceColumns
		removed []string
	)
	for _, d := range decided {
		for _, r := range d.Decision.Skip {
			r.NodeID = node
			skips = append(skips, r)
		}
		givenUp = append(givenUp, d.Decision.GiveUp...)
		for _, r := range d.Decision.Begin {
			if r.Retry {
				retried.add(r, d)
				continue
			}
			begun.add(r, d)
			if r.Waited {
				unwaits = append(unwaits, r.Run)
			}
		}
		waits = append(waits, d.Decision.Wait...)
		unwaits = append(unwaits, d.Decision.Unwait...)
		cancels = append(cancels, d.Decision.Cancel...)
		if d.Decision.Remove {
			removed = append(removed, d.Job.ID)
		} else {
			advance.add(d)
		}
	}
	b := &pgx.Batch{}
	b.Queue(claimNode, pgx.StrictNamedArgs{"node_id": node}).QueryRow(func(row pgx.Row) error {
		var alive bool
		if err := row.Scan(&alive); errors.Is(err, pgx.ErrNoRows) {
			return job.ErrLeaseLost
		} else if err != nil {
			return err
		}
		return nil
	})
	queueCounted(b, "begin runs", len(begun.jobIDs), claimBegin, begun.args(node))
	queueCounted(b, "begin next attempts", len(retried.jobIDs), claimRetry, retried.retryArgs(node))
	queueCounted(b, "give up runs", len(givenUp), claimGiveUp, giveUpArgs(givenUp))
	queueCounted(b, "end waiting", len(unwaits), waitingDelete, runArgs(unwaits))
	queueCounted(b, "let runs wait", len(waits), waitingInsert, waitingArgs(waits))
	queueCounted(b, "record skips", len(skips), historyInsert, historyArgs(skips))
	if len(cancels) > 0 { // uncounted: an instance may have ended meanwhile
		b.Queue(claimCancel, cancelArgs(cancels))
	}
	queueCounted(b, "advance jobs", len(advance.jobIDs), claimAdvance, advance.args())
	queueCounted(b, "remove next run times", len(removed), jobScheduleDelete, pgx.StrictNamedArgs{"job_ids": removed})
	queueCounted(b, "remove jobs", len(removed), jobDelete, pgx.StrictNamedArgs{"job_ids": removed})
	return tx.SendBatch(ctx, b).Close()
}

// queueCounted queues a statement that must change exactly so many rows; none is not queued at all.
func queueCounted(b *pgx.Batch, what string, rows int, statement string, args pgx.StrictNamedArgs) {
	if rows == 0 {
		return
	}
	b.Queue(statement, args).Exec(func(tag pgconn.CommandTag) error { return expect(tag, rows, what) })
}

// beginColumns are the columns of claim_begin.
type beginColumns struct {
	jobIDs     []string
	runIDs     []uuid.UUID
	scheduled  []time.Time
	causes     []string
	attempts   []int
	startedAts []time.Time
	deadlines  []*time.Time
	revisions  []int64
	payloads   []*string
	standsFor  standsForColumns
}

func (c *beginColumns) add(r policy.Start, d policy.Decided) {
	c.jobIDs = append(c.jobIDs, r.JobID)
	c.runIDs = append(c.runIDs, r.RunID)
	c.scheduled = append(c.scheduled, r.ScheduledRunTime)
	c.causes = append(c.causes, string(r.Cause))
	c.attempts = append(c.attempts, r.Attempt)
	c.startedAts = append(c.startedAts, d.Now)
	var deadline *time.Time
	if t := d.Job.EffectiveTimeout(); t > 0 {
		deadline = orNull(d.Now.Add(t))
	}
	c.deadlines = append(c.deadlines, deadline)
	c.revisions = append(c.revisions, r.JobRevision)
	c.payloads = append(c.payloads, text(r.Payload))
	c.standsFor.add(r.StandsFor)
}

func (c *beginColumns) args(node uuid.UUID) pgx.StrictNamedArgs {
	return c.standsFor.addTo(pgx.StrictNamedArgs{
		"node_id": node, "job_ids": c.jobIDs, "run_ids": c.runIDs, "scheduled_run_times": c.scheduled, "causes": c.causes,
		"attempts": c.attempts, "started_ats": c.startedAts, "deadlines": c.deadlines, "job_revisions": c.revisions,
		"payloads": c.payloads,
	})
}

// retryArgs are the columns of claim_retry.
func (c *beginColumns) retryArgs(node uuid.UUID) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"node_id": node, "job_ids": c.jobIDs, "run_ids": c.runIDs, "attempts": c.attempts,
		"started_ats": c.startedAts, "deadlines": c.deadlines, "job_revisions": c.revisions,
	}
}

// giveUpArgs name runs for claim_give_up, and say why.
func giveUpArgs(given []policy.GivenUp) pgx.StrictNamedArgs {
	runs, sentences := make([]job.Run, len(given)), make([]string, len(given))
	for i, g := range given {
		runs[i], sentences[i] = g.Run, g.Sentence
	}
	args := runArgs(runs)
	args["sentences"] = sentences
	return args
}

// cancelArgs are the columns of claim_cancel.
func cancelArgs(replaced []policy.Replaced) pgx.StrictNamedArgs {
	runs, reasons := make([]job.Run, len(replaced)), make([]string, len(replaced))
	for i, r := range replaced {
		runs[i], reasons[i] = r.Run, r.Request.Reason
	}
	args := runArgs(runs)
	args["by"], args["reasons"] = job.Itself, reasons
	return args
}

// standsForColumns are columns of claim_begin and waiting_insert.
type standsForColumns struct {
	counts        []int64
	firsts, lasts []time.Time
}

func (c *standsForColumns) add(s job.StandsFor) {
	c.counts, c.firsts, c.lasts = append(c.counts, s.FireCount), append(c.firsts, s.FirstRunTime), append(c.lasts, s.LastRunTime)
}

func (c *standsForColumns) addTo(args pgx.StrictNamedArgs) pgx.StrictNamedArgs {
	args["fire_counts"], args["first_run_times"], args["last_run_times"] = c.counts, c.firsts, c.lasts
	return args
}

// waitingArgs are the columns of waiting_insert.
func waitingArgs(runs []job.WaitingRun) pgx.StrictNamedArgs {
	var stands standsForColumns
	var jobIDs, causes []string
	var runIDs []uuid.UUID
	var scheduled, created []time.Time
	var fronts []bool
	var payloads []*string
	for _, w := range runs {
		jobIDs, runIDs, causes = append(jobIDs, w.JobID), append(runIDs, w.RunID), append(causes, string(w.Cause))
		scheduled, created = append(scheduled, w.ScheduledRunTime), append(created, w.CreatedAt)
		fronts = append(fronts, w.Front)
		payloads = append(payloads, text(w.Payload))
		stands.add(w.StandsFor)
	}
	return stands.addTo(pgx.StrictNamedArgs{
		"job_ids": jobIDs, "run_ids": runIDs, "causes": causes, "scheduled_run_times": scheduled, "created_ats": created,
		"fronts": fronts, "payloads": payloads,
	})
}

// runArgs names runs.
func runArgs(runs []job.Run) pgx.StrictNamedArgs {
	var jobIDs []string
	var runIDs []uuid.UUID
	for _, r := range runs {
		jobIDs, runIDs = append(jobIDs, r.JobID), append(runIDs, r.RunID)
	}
	return pgx.StrictNamedArgs{"job_ids": jobIDs, "run_ids": runIDs}
}

// advanceColumns are the columns of claim_advance.
type advanceColumns struct {
	jobIDs, states     []string
	nextRun, last, due []*time.Time
	errors             []*string
}

func (c *advanceColumns) add(d policy.Decided) {
	c.jobIDs = append(c.jobIDs, d.Job.ID)
	c.states = append(c.states, string(d.Decision.State))
	c.nextRun = append(c.nextRun, orNull(d.Decision.NextRunTime))
	c.last = append(c.last, orNull(d.Decision.LastRunTime))
	c.due = append(c.due, orNull(d.Decision.DueAt))
	c.errors = append(c.errors, text(d.Decision.Error))
}

func (c *advanceColumns) args() pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"job_ids": c.jobIDs, "states": c.states, "next_run_times": c.nextRun, "last_run_times": c.last,
		"due_ats": c.due, "errors": c.errors,
	}
}

// Resolve reads back, under the same job locks, whether a claim was committed.
func (s *Store) Resolve(ctx context.Context, c policy.Claim) (committed bool, err error) {
	var jobs, begunJobs, skippedJobs []string
	var begun, skipped []uuid.UUID
	for _, d := range c.Decided {
		jobs = append(jobs, d.Job.ID)
		for _, r := range d.Decision.Begin {
			begunJobs, begun = append(begunJobs, r.JobID), append(begun, r.RunID)
		}
		for _, r := range d.Decision.Skip {
			skippedJobs, skipped = append(skippedJobs, r.JobID), append(skipped, r.RunID)
		}
	}
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, claimResolveLock, pgx.StrictNamedArgs{"job_ids": jobs}); err != nil {
			return err
		}
		var found int
		err := tx.QueryRow(ctx, claimResolveRead, pgx.StrictNamedArgs{
			"node_id": c.Node, "begun_job_ids": begunJobs, "begun_run_ids": begun,
			"skipped_job_ids": skippedJobs, "skipped_run_ids": skipped,
		}).Scan(&found)
		committed = found > 0
		return err
	})
	return committed, err
}

// Block makes a job blocked.
func (s *Store) Block(ctx context.Context, jobID, reason string) error {
	return s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, jobBlock, pgx.StrictNamedArgs{"job_id": jobID, "error": reason})
		return err
	})
}

// NextDue returns how long it is until the earliest due time of the queues.
func (s *Store) NextDue(ctx context.Context, queues []string) (in time.Duration, some bool, err error) {
	var seconds *float64
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return s.loops.QueryRow(ctx, nextDue, pgx.StrictNamedArgs{"queues": queues}).Scan(&seconds)
	})
	if err != nil || seconds == nil {
		return 0, false, err
	}
	return time.Duration(*seconds * float64(time.Second)), true, nil
}
