package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
)

// MakeWaitingDue makes the jobs due that have waiting runs, after instances of theirs have ended, and tells other nodes
// of those whose queue is none of mine.
func (s *Store) MakeWaitingDue(ctx context.Context, jobIDs, mine []string) (made int, err error) {
	var some bool
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return s.loops.QueryRow(ctx, completeWaiting, pgx.StrictNamedArgs{"job_ids": jobIDs}).Scan(&some)
	})
	if err != nil || !some {
		return 0, err
	}
	err = s.inTxWithLocks(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, waitingDue, pgx.StrictNamedArgs{"job_ids": jobIDs})
		if made = int(tag.RowsAffected()); err != nil || made == 0 {
			return err
		}
		_, err = tx.Exec(ctx, completeTell, pgx.StrictNamedArgs{"job_ids": jobIDs, "mine": mine})
		return err
	})
	return made, err
}

// Trouble writes into the row of an attempt what a person must see to while it goes on.
func (s *Store) Trouble(ctx context.Context, r job.Run, trouble string) error {
	return s.exec(ctx, s.limit, instanceTrouble, pgx.StrictNamedArgs{
		"job_id": r.JobID, "run_id": r.RunID, "attempt": r.Attempt, "trouble": trouble,
	})
}

// removedByHand ends the sentence of a run whose running instance somebody has deleted.
const removedByHand = "; its row in pgdue.running_instances had been removed by hand"

func removed() pgx.StrictNamedArgs { return pgx.StrictNamedArgs{"removed": removedByHand} }

// Complete ends attempts: what was running is deleted, or waits for its next attempt, and is recorded; what was not is
// stale and changes nothing, unless nothing at all is left of the run, since somebody removed its instance by hand:
// then its end is recorded all the same.
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
		if _, err := tx.Exec(ctx, completeRemoved, removedColumns.addTo(removed(), written)); err != nil {
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
	which, err := values[int](ctx, tx, completeRecorded, attemptColumns.addTo(removed(), written))
	recorded := make([]job.Record, len(which))
	for i, n := range which {
		recorded[i] = written[n-1]
	}
	return recorded, err
}

// endAttempts writes the ends of attempts. It returns the records as they are written and how many instances they
// ended.
func endAttempts(ctx context.Context, tx pgx.Tx, ended []job.Record) (written []job.Record, done int, err error) {
	finals, again, err := lockRetries(ctx, tx, ended)
	if err != nil {
		return nil, 0, fmt.Errorf("lock jobs of attempts that are to be followed by another: %w", err)
	}
	if len(finals) > 0 {
		tag, err := tx.Exec(ctx, completeEnded, endedColumns.args(finals))
		if err != nil {
			return nil, 0, fmt.Errorf("end attempts: %w", err)
		}
		done += int(tag.RowsAffected())
	}
	if len(again) > 0 {
		tag, err := tx.Exec(ctx, retryAttempts, retryInColumns.args(again))
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

// lockRetries tells the final ends from those that are followed by another attempt, with their jobs locked. Where the
// job is gone, or another one by now, the end is final after all.
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
	type row struct {
		ID              string
		CreatedRevision int64
	}
	created := map[string]int64{}
	err = readRows(ctx, tx, retryJobs, args, func(r row) { created[r.ID] = r.CreatedRevision }) // later than the lock
	if err != nil {
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
	list, err := values[uuid.UUID](ctx, tx, retryCancelled, runColumns.args(runs))
	cancelled := map[uuid.UUID]bool{}
	for _, run := range list {
		cancelled[run] = true
	}
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
