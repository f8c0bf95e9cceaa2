package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/scheduler"
)

// WakeWaiting makes the jobs due that have waiting runs, after instances of theirs have ended.
func (s *Store) WakeWaiting(ctx context.Context, jobIDs []string) (woken int, err error) {
	var some bool
	err = call(ctx, s.limit, func(ctx context.Context) error {
		return s.loops.QueryRow(ctx, completeWaiting, pgx.StrictNamedArgs{"job_ids": jobIDs}).Scan(&some)
	})
	if err != nil || !some {
		return 0, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, completeWake, pgx.StrictNamedArgs{"job_ids": jobIDs})
		woken = int(tag.RowsAffected())
		return err
	})
	return woken, err
}

// Complete ends attempts: what was running is deleted and recorded; what was not is stale and changes nothing.
func (s *Store) Complete(ctx context.Context, ended []scheduler.Record) (stale int, err error) {
	args := endedArgs(ended)
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, completeEnded, args)
		if err != nil {
			return fmt.Errorf("end attempts: %w", err)
		}
		stale = len(ended) - int(tag.RowsAffected())
		if stale == 0 {
			return nil
		}
		// Some may be ours from a commit whose answer we did not get.
		var recorded int
		err = tx.QueryRow(ctx, completeRecorded, pgx.StrictNamedArgs{
			"job_ids": args["job_ids"], "run_ids": args["run_ids"], "attempts": args["attempts"], "node_ids": args["node_ids"],
			"sentences": args["sentences"],
		}).Scan(&recorded)
		stale = len(ended) - recorded
		return err
	})
	return stale, err
}

func endedArgs(ended []scheduler.Record) pgx.StrictNamedArgs {
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
func historyArgs(records []scheduler.Record) pgx.StrictNamedArgs {
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
