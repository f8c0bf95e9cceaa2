package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// MakeWaitingDue makes the jobs due that have waiting runs, after instances of theirs have ended, and tells other nodes of those
// whose queue is none of mine.
func (s *Store) MakeWaitingDue(ctx context.Context, jobIDs, mine []string) (made int, err error) {
	var some bool
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return s.loops.QueryRow(ctx, completeWaiting, pgx.StrictNamedArgs{"job_ids": jobIDs}).Scan(&some)
	})
	if err != nil || !some {
		return 0, err
	}
	err = s.inTxWithLocks(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, completeWake, pgx.StrictNamedArgs{"job_ids": jobIDs})
		if made = int(tag.RowsAffected()); err != nil || made == 0 {
			return err
		}
		_, err = tx.Exec(ctx, completeTell, pgx.StrictNamedArgs{"job_ids": jobIDs, "mine": mine})
		return err
	})
	return made, err
}

// removedByHand ends the sentence of a run whose running instance somebody has deleted.
const removedByHand = "; its row in pgdue.running_instances had been removed by hand"

// Complete ends attempts: what was running is deleted, or waits for its next attempt, and is recorded; what was not is
// stale and changes nothing, unless nothing at all is left of the run, since somebody removed its instance by hand: then
// its end is recorded all the same.
func (s *Store) Complete(ctx context.Context, ended []job.Record) (recorded []job.Record, err error) {
	in := s.inTx
	if slices.ContainsFunc(ended, func(r job.Record) bool { return !r.Final }) {
		in = s.inTxWithLocks
	}
	err = in(ctx, func(ctx context.Context, tx pgx.Tx) error {
		written, done, err := endAttempts(ctx, tx, ended)
		if recorded = written; err != nil || done == len(ended) {
			return err
		}
		if _, err := tx.Exec(ctx, completeRemoved, removedArgs(written)); err != nil {
			return fmt.Errorf("record attempts whose instances were removed: %w", err)
		}
		recorded, err = ours(ctx, tx, written)
		return err
	})
	if err != nil {
		return nil, err
	}
	return recorded, nil
}

// ours are those of the ends that are recorded now: by this commit, or by one whose answer we did not get.
func ours(ctx context.Context, tx pgx.Tx, written []job.Record) ([]job.Record, error) {
	args := endedArgs(written)
	rows, err := tx.Query(ctx, completeRecorded, pgx.StrictNamedArgs{
		"job_ids": args["job_ids"], "run_ids": args["run_ids"], "attempts": args["attempts"], "node_ids": args["node_ids"],
		"sentences": args["sentences"], "removed": removedByHand,
	})
	if err != nil {
		return nil, err
	}
	which, err := pgx.CollectRows(rows, pgx.RowTo[int])
	recorded := make([]job.Record, len(which))
	for i, n := range which {
		recorded[i] = written[n-1]
	}
	return recorded, err
}

// endAttempts writes the ends of attempts. It returns the records as they are written and how many instances they ended.
func endAttempts(ctx context.Context, tx pgx.Tx, ended []job.Record) (written []job.Record, done int, err error) {
	finals, again, err := lockRetries(ctx, tx, ended)
	if err != nil {
		return nil, 0, fmt.Errorf("lock jobs of attempts that are to be followed by another: %w", err)
	}
	if len(finals) > 0 {
		tag, err := tx.Exec(ctx, completeEnded, endedArgs(finals))
		if err != nil {
			return nil, 0, fmt.Errorf("end attempts: %w", err)
		}
		done += int(tag.RowsAffected())
	}
	if len(again) > 0 {
		tag, err := tx.Exec(ctx, retryAttempts, retryArgs(again))
		if err != nil {
			return nil, 0, fmt.Errorf("let runs wait for their next attempt: %w", err)
		}
		done += int(tag.RowsAffected())
		if _, err := tx.Exec(ctx, retryDue, pgx.StrictNamedArgs{"job_ids": jobIDs(again)}); err != nil {
			return nil, 0, fmt.Errorf("make jobs due for the next attempt: %w", err)
		}
	}
	return append(finals, again...), done, nil
}

// lockRetries tells the final ends from those that are followed by another attempt, with their jobs locked. Where the job
// is gone, or another one by now, the end is final after all.
func lockRetries(ctx context.Context, tx pgx.Tx, ended []job.Record) (finals, again []job.Record, err error) {
	for _, r := range ended {
		if r.Final {
			finals = append(finals, r)
		} else {
			again = append(again, r)
		}
	}
	if len(again) == 0 {
		return finals, nil, nil
	}
	args := pgx.StrictNamedArgs{"job_ids": jobIDs(again)}
	if _, err := tx.Exec(ctx, retryLock, args); err != nil {
		return nil, nil, err
	}
	rows, err := tx.Query(ctx, retryJobs, args) // later than the lock
	if err != nil {
		return nil, nil, err
	}
	type row struct {
		ID              string
		CreatedRevision int64
	}
	created := map[string]int64{}
	if err := each(rows, func(r row) { created[r.ID] = r.CreatedRevision }); err != nil {
		return nil, nil, err
	}
	cancelled, err := cancelledRuns(ctx, tx, again)
	if err != nil {
		return nil, nil, err
	}
	still := again[:0:0]
	for _, r := range again {
		revision, exists := created[r.JobID]
		switch {
		case !exists || revision > r.JobRevision:
			r.Final, r.Sentence = true, r.Sentence+", but its job was removed"
			finals = append(finals, r)
		case cancelled[r.RunID]:
			r.Final, r.Sentence = true, r.Sentence+", but the run was to be cancelled"
			finals = append(finals, r)
		default:
			still = append(still, r)
		}
	}
	return finals, still, nil
}

// cancelledRuns are those that somebody asked to cancel while their attempt ended by itself.
func cancelledRuns(ctx context.Context, tx pgx.Tx, records []job.Record) (map[uuid.UUID]bool, error) {
	runs := make([]job.Run, len(records))
	for i, r := range records {
		runs[i] = r.Run
	}
	rows, err := tx.Query(ctx, retryCancelled, runArgs(runs))
	if err != nil {
		return nil, err
	}
	cancelled := map[uuid.UUID]bool{}
	type row struct{ RunID uuid.UUID }
	err = each(rows, func(r row) { cancelled[r.RunID] = true })
	return cancelled, err
}

func jobIDs(records []job.Record) []string {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.JobID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// retryArgs are the columns of retry.
func retryArgs(ended []job.Record) pgx.StrictNamedArgs {
	args := endedArgs(ended)
	delete(args, "finals")
	waits := make([]time.Duration, len(ended))
	for i, r := range ended {
		waits[i] = r.RetryIn
	}
	args["retry_ins"] = waits
	return args
}

// removedArgs are the columns of complete_removed: also those that complete takes from the instance.
func removedArgs(ended []job.Record) pgx.StrictNamedArgs {
	n := len(ended)
	causes, revisions := make([]string, n), make([]int64, n)
	scheduled, started := make([]time.Time, n), make([]time.Time, n)
	for i, r := range ended {
		causes[i], revisions[i] = string(r.Cause), r.JobRevision
		scheduled[i], started[i] = r.ScheduledRunTime, r.StartedAt
	}
	args := endedArgs(ended)
	args["causes"], args["scheduled_run_times"], args["started_ats"], args["job_revisions"] = causes, scheduled, started, revisions
	args["removed"] = removedByHand
	return args
}

func endedArgs(ended []job.Record) pgx.StrictNamedArgs {
	n := len(ended)
	jobIDs, runIDs, attempts := make([]string, n), make([]uuid.UUID, n), make([]int, n)
	nodeIDs, nodes, finals := make([]uuid.UUID, n), make([]string, n), make([]bool, n)
	outcomes, sentences := make([]string, n), make([]string, n)
	errors, outputs, statuses := make([]*string, n), make([]*string, n), make([]*int, n)
	for i, r := range ended {
		jobIDs[i], runIDs[i], attempts[i] = r.JobID, r.RunID, r.Attempt
		nodeIDs[i], nodes[i], finals[i] = r.NodeID, r.Node, r.Final
		outcomes[i], sentences[i] = string(r.Outcome), r.Sentence
		errors[i], outputs[i], statuses[i] = text(r.Error), text(r.Output), r.Status
	}
	return pgx.StrictNamedArgs{
		"job_ids": jobIDs, "run_ids": runIDs, "attempts": attempts, "node_ids": nodeIDs, "nodes": nodes, "finals": finals,
		"outcomes": outcomes, "sentences": sentences, "errors": errors, "outputs": outputs, "statuses": statuses,
	}
}

// historyArgs are the columns of history_insert.
func historyArgs(records []job.Record) pgx.StrictNamedArgs {
	n := len(records)
	jobIDs, runIDs, attempts, causes := make([]string, n), make([]uuid.UUID, n), make([]int, n), make([]string, n)
	scheduled, firsts, lasts := make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
	outcomes, reasons, sentences := make([]string, n), make([]string, n), make([]string, n)
	nodeIDs, nodes := make([]*uuid.UUID, n), make([]*string, n)
	counts, revisions := make([]int64, n), make([]int64, n)
	for i, r := range records {
		jobIDs[i], runIDs[i], attempts[i], causes[i] = r.JobID, r.RunID, r.Attempt, string(r.Cause)
		scheduled[i], firsts[i], lasts[i] = r.ScheduledRunTime, r.FirstRunTime, r.LastRunTime
		outcomes[i], reasons[i], sentences[i] = string(r.Outcome), string(r.Reason), r.Sentence
		if r.NodeID != uuid.Nil {
			nodeIDs[i] = &r.NodeID
		}
		nodes[i] = text(r.Node)
		counts[i], revisions[i] = r.FireCount, r.JobRevision
	}
	return pgx.StrictNamedArgs{
		"job_ids": jobIDs, "run_ids": runIDs, "attempts": attempts, "causes": causes, "scheduled_run_times": scheduled,
		"outcomes": outcomes, "reasons": reasons, "sentences": sentences, "node_ids": nodeIDs, "nodes": nodes,
		"fire_counts": counts, "first_run_times": firsts, "last_run_times": lasts, "job_revisions": revisions,
	}
}
