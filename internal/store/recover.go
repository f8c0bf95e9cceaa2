package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// recoverRow makes the row in next_run_times anew that somebody has deleted while the job is still there, so that
// whatever a person does to the job mends it. there says that the job is there, with its row by now.
func recoverRow(ctx context.Context, tx pgx.Tx, id string) (there bool, err error) {
	part, err := tx.Begin(ctx)
	if err != nil {
		return false, err
	}
	there, orphan, err := lockOrphan(ctx, part, id)
	if err != nil || !orphan {
		rollback(ctx, part) // lets go of the job's lock, which another edit may need that holds the row
		return there, err
	}
	if err := part.Commit(ctx); err != nil {
		return false, err
	}
	return true, writeAnew(ctx, tx, id)
}

// lockOrphan locks a job, and says whether it has lost its row.
func lockOrphan(ctx context.Context, tx pgx.Tx, id string) (there, orphan bool, err error) {
	for range 2 { // the first may have waited, and have an old answer
		found, err := values[bool](ctx, tx, jobOrphan, pgx.StrictNamedArgs{"job_id": id})
		if err != nil || len(found) == 0 {
			return false, false, err
		}
		orphan = found[0]
	}
	return true, orphan, nil
}

// writeAnew writes the row of a job that has none, under the job's lock.
func writeAnew(ctx context.Context, tx pgx.Tx, id string) error {
	type row struct {
		jobRow
		Now time.Time
	}
	found, err := list[row](ctx, tx, claimJobs, pgx.StrictNamedArgs{"job_ids": []string{id}})
	if err != nil || len(found) == 0 {
		return err
	}
	r, now := &found[0], found[0].Now.UTC()
	j, unreadable := r.job(&scheduleRow{})
	policy.Recover(&j, unreadable, now)
	args := scheduleArgs(&j)
	if args["queue"] == "" { // nobody knows the kind of work
		args["queue"] = r.Executor
	}
	tells := event{jobID: id, at: now, actor: job.Itself, action: job.ActionChanged,
		reason: "its row in pgdue.next_run_times was gone, and was made anew: its fire times count from now"}
	if err := tells.readBefore(ctx, tx); err != nil {
		return err
	}
	b := &pgx.Batch{}
	queueCounted(b, "write next run time", 1, jobScheduleInsert, args)
	if err := tells.queue(b); err != nil {
		return err
	}
	b.Queue(jobNotify, pgx.StrictNamedArgs{"queue": args["queue"], "due_at": args["due_at"]})
	return send(ctx, tx, b)
}
