package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Register writes a node's row, on the connection that renews it from then on.
func (s *Store) Register(ctx context.Context, n job.Node) error {
	return call(ctx, s.limit, func(ctx context.Context) error {
		return s.renew(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, nodeRegister, pgx.StrictNamedArgs{
				"id": n.ID, "name": n.Name, "queues": n.Queues, "slots": n.Slots, "version": n.Version,
				"zone_rules": n.ZoneRules, "tzdata": n.TZData,
			})
			return err
		})
	})
}

// Draining writes into a node's row that it claims nothing more.
func (s *Store) Draining(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, s.limit, nodeDraining, pgx.StrictNamedArgs{"id": id})
}

// Leave removes a node's row, unless instances of it are left.
func (s *Store) Leave(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, s.limit, nodeLeave, pgx.StrictNamedArgs{"id": id})
}

// renew runs do in a transaction on the connection of the renewals. Whoever leaves the isolation to the database fails
// where that is serializable.
func (s *Store) renew(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	return s.renewals.do(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		beat := pgx.TxOptions{BeginQuery: s.begin}
		return pgx.BeginTxFunc(ctx, conn, beat, func(tx pgx.Tx) error { return do(ctx, tx) })
	})
}

// Beat renews a node's row and returns the other nodes. While somebody has locked the table of the instances, those
// whose row is gone are left out. A renewal whose commit got no answer is one that failed: the next one renews.
func (s *Store) Beat(ctx context.Context, id uuid.UUID) (peers []job.Peer, err error) {
	err = s.renew(ctx, func(ctx context.Context, tx pgx.Tx) error {
		peers = nil
		b := &pgx.Batch{}
		b.Queue(nodeBeat, pgx.StrictNamedArgs{"id": id}).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() == 0 {
				return job.ErrLeaseLost
			}
			return nil
		})
		queueRows(b, nodePeers, pgx.StrictNamedArgs{"id": id}, func(p job.Peer) { peers = append(peers, p) })
		return send(ctx, tx, b)
	})
	if err != nil {
		return nil, translate(err)
	}
	var orphans []job.Peer
	err = s.renewals.do(ctx, func(ctx context.Context, conn *pgx.Conn) (err error) {
		orphans, err = readOrphans(ctx, conn)
		return err
	})
	if errors.Is(locked(err), job.ErrLocked) {
		return peers, nil
	}
	return append(peers, orphans...), translate(err)
}

// readOrphans reads the nodes whose row is gone though instances of theirs are left.
func readOrphans(ctx context.Context, conn *pgx.Conn) (orphans []job.Peer, err error) {
	reading := pgx.TxOptions{
		BeginQuery: withLockTimeout("begin isolation level read committed read only", loopLockLimit)}
	err = pgx.BeginTxFunc(ctx, conn, reading, func(tx pgx.Tx) error {
		orphans, err = list[job.Peer](ctx, tx, nodeOrphans, nil)
		return err
	})
	return orphans, err
}

// MarkDead marks a node dead if its beat still stands where it was seen.
func (s *Store) MarkDead(ctx context.Context, p job.Peer) (marked bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		still, err := values[bool](ctx, tx, takeoverMarkLock, pgx.StrictNamedArgs{"id": p.ID, "beat": p.Beat})
		if err != nil || len(still) == 0 {
			return err
		}
		marked = true
		tag, err := tx.Exec(ctx, takeoverMark, pgx.StrictNamedArgs{"id": p.ID})
		if err != nil {
			return err
		}
		return expect(tag, 1, "mark node dead")
	})
	return marked && err == nil, err
}

// TakeOver ends attempts of a dead node as lost, up to limit jobs at a time.
//
// Where a batch cannot be written as its jobs' definitions say, because one of them cannot be read or the database
// refuses a row, its attempts end without another one: instances must not stay counted for that.
func (s *Store) TakeOver(ctx context.Context, p job.Peer, limit int) (ended []job.Record, done bool, err error) {
	ended, done, err = s.takeOver(ctx, p, limit, false)
	if errors.Is(err, job.ErrRejected) {
		return s.takeOver(ctx, p, limit, true)
	}
	return ended, done, err
}

func (s *Store) takeOver(
	ctx context.Context, p job.Peer, limit int, plain bool,
) (ended []job.Record, done bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		jobs, err := list[scheduleRow](ctx, tx, takeoverLock, pgx.StrictNamedArgs{"id": p.ID, "limit": limit})
		if err != nil {
			return fmt.Errorf("lock jobs of a dead node: %w", err)
		}
		if ended, err = endLost(ctx, tx, p, jobs, plain); err != nil {
			return fmt.Errorf("end attempts of a dead node: %w", err)
		}
		if _, err := tx.Exec(ctx, waitingDue, pgx.StrictNamedArgs{"job_ids": ids(jobs)}); err != nil {
			return fmt.Errorf("make the jobs of a dead node due: %w", err)
		}
		if _, err := tx.Exec(ctx, takeoverFinish, pgx.StrictNamedArgs{"id": p.ID}); err != nil {
			return fmt.Errorf("remove a dead node: %w", err)
		}
		var left bool
		err = tx.QueryRow(ctx, takeoverLeft, pgx.StrictNamedArgs{"id": p.ID}).Scan(&left)
		done = !left
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return ended, done, nil
}

// endLost ends a dead node's attempts: of locked jobs as their definitions say, which may grant another attempt, and of
// jobs that are removed. With plain, no attempt is followed by another, and no definition is read.
func endLost(
	ctx context.Context, tx pgx.Tx, p job.Peer, jobs []scheduleRow, plain bool,
) (lost []job.Record, err error) {
	what := "its node stopped renewing its lease and was judged dead"
	if p.Orphan {
		what = "the row of its node in pgdue.nodes is gone"
	}
	if len(jobs) > 0 && !plain {
		looks, err := readLooks(ctx, tx, jobs)
		if err != nil {
			return nil, unreadable(ctx, tx, err)
		}
		for _, l := range looks {
			for _, i := range l.Live {
				if i.NodeID == p.ID {
					i.Node = p.Name
					lost = append(lost, policy.EndLost(&l.Definition, i, what))
				}
			}
		}
		written, n, err := endAttempts(ctx, tx, lost)
		if err == nil && n < len(written) { // the dead node has recorded some itself meanwhile
			written, err = ours(ctx, tx, written)
		}
		if lost = written; err != nil {
			return nil, err
		}
	}
	args := pgx.StrictNamedArgs{
		"id": p.ID, "name": p.Name, "error": what, "sentence": policy.LostSentence(p.Name, what), "job_ids": ids(jobs),
	}
	type row struct {
		JobID            string
		RunID            uuid.UUID
		Attempt          int
		ScheduledRunTime time.Time
	}
	err = readRows(ctx, tx, takeoverEnd, args, func(r row) {
		lost = append(lost, job.Record{Outcome: job.Lost, Final: true, Run: job.Run{
			JobID: r.JobID, RunID: r.RunID, Attempt: r.Attempt, ScheduledRunTime: r.ScheduledRunTime.UTC(),
		}})
	})
	return lost, err
}

func ids(jobs []scheduleRow) []string {
	list := make([]string, len(jobs))
	for i := range jobs {
		list[i] = jobs[i].JobID
	}
	return list
}

// exec is a loop's call of one statement that is a transaction by itself.
func (s *Store) exec(ctx context.Context, limit time.Duration, statement string, args ...any) error {
	return call(ctx, limit, func(ctx context.Context) error {
		_, err := s.loops.Exec(ctx, statement, args...)
		return err
	})
}
