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

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Claim begins due runs in one transaction of five steps: lock due jobs; read, in later statements, what stands around
// them; decide; write; commit. See scheduler.Store for its errors.
func (s *Store) Claim(
	ctx context.Context, r policy.ClaimRequest, decide func(policy.Look) policy.Decision,
) (policy.Claim, error) {
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

// unreadable is ErrRejected for an error of reading that lies in what was read: a value that has no place in Go, such
// as an infinite time. What the server says is judged by translate; what broke the connection, or was late, is trouble.
func unreadable(ctx context.Context, tx pgx.Tx, err error) error {
	if code(err) != "" || ctx.Err() != nil || tx.Conn().IsClosed() {
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
		queueRows(b, statement, args, func(r scheduleRow) { due = append(due, r) })
	}
	if err := send(ctx, tx, b); err != nil {
		return nil, fmt.Errorf("lock due jobs: %w", err)
	}
	return due, nil
}

// readLooks reads definitions, instances and waiting runs of locked jobs. Each is a statement of its own, later than
// the lock: at READ COMMITTED its snapshot holds all that earlier holders of the locks have committed.
func readLooks(ctx context.Context, tx pgx.Tx, due []scheduleRow) ([]policy.Look, error) {
	var now time.Time
	jobs := map[string]jobRow{}
	live := map[string][]job.Instance{}
	waiting := map[string][]job.WaitingRun{}
	count := map[string]int{}
	bad := map[string]error{}
	args := pgx.StrictNamedArgs{"job_ids": ids(due)}
	b := &pgx.Batch{}
	queueRows(b, claimLive, args, func(r instanceRow) {
		live[r.JobID], bad[r.JobID] = append(live[r.JobID], r.instance()), errors.Join(bad[r.JobID], r.unreadable())
	})
	queueRows(b, claimWaiting, args, func(r waitingRow) {
		waiting[r.JobID], bad[r.JobID] = append(waiting[r.JobID], r.run()), errors.Join(bad[r.JobID], r.unreadable())
		count[r.JobID] = r.Waiting
	})
	// After them, so that a run that begins now is not said to begin before the end of one that no longer counted.
	type jobNow struct {
		jobRow
		Now time.Time
	}
	queueRows(b, claimJobs, args, func(r jobNow) { jobs[r.ID], now = r.jobRow, r.Now.UTC() })
	// Last, so that no run that begins now is said to have begun after the commit of a pause.
	var pauses []job.Pause
	since := pgx.StrictNamedArgs{"since": earliest(due)}
	queueRows(b, claimPauses, since, func(r pauseRow) { pauses = append(pauses, r.pause()) })
	if err := send(ctx, tx, b); err != nil {
		return nil, fmt.Errorf("read due jobs: %w", err)
	}
	looks := make([]policy.Look, len(due))
	for i := range due {
		row := jobs[due[i].JobID]
		j, err := row.job(&due[i])
		looks[i] = policy.Look{
			Job: j, Queue: due[i].Queue, Now: now, Err: errors.Join(err, bad[j.ID]), Live: live[j.ID],
			Waiting: waiting[j.ID], WaitingCount: count[j.ID], Pauses: j.Covering(pauses),
		}
	}
	return looks, readRecent(ctx, tx, looks)
}

// readRecent adds the pace of jobs at their limit, with which a skip is explained.
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
	args := pgx.StrictNamedArgs{"job_ids": slices.Collect(maps.Keys(byID))}
	err := readRows(ctx, tx, claimRecent, args, func(r recentRow) { byID[r.JobID].Pace = r.pace() })
	if err != nil {
		return fmt.Errorf("read recent durations: %w", err)
	}
	return nil
}

// recentRow is how a job's runs and fires have gone lately.
type recentRow struct {
	damage
	JobID                            string
	Runs                             int
	Longest, Shortest, Lateness, Gap *time.Duration
}

func (r *recentRow) pace() policy.Pace {
	return policy.Pace{Runs: r.Runs, Longest: deref(r.Longest), Shortest: deref(r.Shortest),
		Lateness: deref(r.Lateness), Gap: deref(r.Gap)}
}

// writeDecisions writes what was decided in one pipelined batch that begins with holding the node's row, and checks the
// row counts.
func writeDecisions(ctx context.Context, tx pgx.Tx, node uuid.UUID, decided []policy.Decided) error {
	w := gather(node, decided)
	b := &pgx.Batch{}
	b.Queue(claimNode, pgx.StrictNamedArgs{"node_id": node}).QueryRow(func(row pgx.Row) error {
		var alive bool
		err := row.Scan(&alive)
		if errors.Is(err, pgx.ErrNoRows) {
			return job.ErrLeaseLost
		}
		return err
	})
	ofNode := func() pgx.StrictNamedArgs { return pgx.StrictNamedArgs{"node_id": node} }
	queueCounted(b, "begin runs", len(w.begun), claimBegin, beginColumns.addTo(ofNode(), w.begun))
	queueCounted(b, "begin next attempts", len(w.retried), claimRetry, retryColumns.addTo(ofNode(), w.retried))
	queueCounted(b, "give up runs", len(w.givenUp), claimGiveUp, giveUpColumns.args(w.givenUp))
	queueCounted(b, "end waiting", len(w.unwaits), waitingDelete, runColumns.args(w.unwaits))
	queueCounted(b, "let runs wait", len(w.waits), waitingInsert, waitingColumns.args(w.waits))
	queueCounted(b, "record skips", len(w.skips), historyInsert, historyColumns.args(w.skips))
	if len(w.cancels) > 0 { // uncounted: an instance may have ended meanwhile
		b.Queue(claimCancel, cancelColumns.addTo(pgx.StrictNamedArgs{"by": job.Itself}, w.cancels))
	}
	removed := pgx.StrictNamedArgs{"job_ids": w.removed}
	queueCounted(b, "advance jobs", len(w.advanced), claimAdvance, advanceColumns.args(w.advanced))
	queueCounted(b, "remove next run times", len(w.removed), jobScheduleDelete, removed)
	queueCounted(b, "remove jobs", len(w.removed), jobDelete, removed)
	return send(ctx, tx, b)
}

// written is what the decisions of a claim write, by the statements that write it.
type written struct {
	begun, retried []begun
	givenUp        []policy.GivenUp
	unwaits        []job.Run
	waits          []job.WaitingRun
	skips          []job.Record
	cancels        []policy.Replaced
	advanced       []policy.Decided
	removed        []string // job ids
}

func gather(node uuid.UUID, decided []policy.Decided) (w written) {
	for i := range decided {
		d := &decided[i].Decision
		for _, r := range d.Skip {
			r.NodeID = node
			w.skips = append(w.skips, r)
		}
		for _, r := range d.Begin {
			w.start(begun{r, &decided[i].Look})
		}
		w.givenUp = append(w.givenUp, d.GiveUp...)
		w.waits = append(w.waits, d.Wait...)
		w.unwaits = append(w.unwaits, d.Unwait...)
		w.cancels = append(w.cancels, d.Cancel...)
		if d.Remove {
			w.removed = append(w.removed, decided[i].Job.ID)
		} else {
			w.advanced = append(w.advanced, decided[i])
		}
	}
	return w
}

func (w *written) start(b begun) {
	if b.Retry {
		w.retried = append(w.retried, b)
		return
	}
	w.begun = append(w.begun, b)
	if b.Waited {
		w.unwaits = append(w.unwaits, b.Run)
	}
}

// Resolve reads back, under the same job locks, whether a claim was committed.
func (s *Store) Resolve(ctx context.Context, c policy.Claim) (committed bool, err error) {
	var jobs []string
	var begun, skipped []job.Run
	for _, d := range c.Decided {
		jobs = append(jobs, d.Job.ID)
		for _, r := range d.Decision.Begin {
			begun = append(begun, r.Run)
		}
		for _, r := range d.Decision.Skip {
			skipped = append(skipped, r.Run)
		}
	}
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, claimResolveLock, pgx.StrictNamedArgs{"job_ids": jobs}); err != nil {
			return err
		}
		b, s := runColumns.args(begun), runColumns.args(skipped)
		var found int
		err := tx.QueryRow(ctx, claimResolveRead, pgx.StrictNamedArgs{
			"node_id": c.Node, "begun_job_ids": b["job_ids"], "begun_run_ids": b["run_ids"],
			"skipped_job_ids": s["job_ids"], "skipped_run_ids": s["run_ids"],
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
