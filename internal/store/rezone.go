package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// rezoneBatch is how many jobs one transaction holds locked.
const rezoneBatch = 200

// Rezone computes the next runs anew that were computed by other time zone rules than this process's:
// policy.Look.Rezone. Each that moves has an event, by whom it is told. moved is called for each after its commit.
func (s *Store) Rezone(ctx context.Context, by job.Author, moved func(policy.Change)) error {
	for after := ""; ; {
		var changes []policy.Change
		last := ""
		err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			changes, last, err = rezone(ctx, tx, after, by)
			return err
		})
		if err != nil || last == "" {
			return err
		}
		for _, c := range changes {
			moved(c)
		}
		after = last
	}
}

// rezone does so with the first jobs after an id, and returns what moved and the last one's id, "" for none.
func rezone(
	ctx context.Context, tx pgx.Tx, after string, by job.Author,
) (moved []policy.Change, last string, err error) {
	rules := policy.ZoneRules()
	locked, err := list[scheduleRow](ctx, tx, zoneLock,
		pgx.StrictNamedArgs{"after": after, "zone_rules": rules, "limit": rezoneBatch})
	if err != nil || len(locked) == 0 {
		return nil, "", err
	}
	looks, err := readLooks(ctx, tx, locked)
	if err != nil {
		return nil, "", fmt.Errorf("read jobs of other time zone rules: %w", err)
	}
	var same []string
	for i := range looks {
		l := &looks[i]
		c := l.Rezone()
		if l.Err != nil || c.Nothing() {
			same = append(same, locked[i].JobID)
			continue
		}
		why := job.Author{Actor: by.Actor, Reason: policy.RezonedSentence(&c)}
		if err := writeRezoned(ctx, tx, l, why, &c); err != nil {
			return nil, "", fmt.Errorf("move the next run of %s: %w", l.ID, err)
		}
		moved = append(moved, c)
	}
	_, err = tx.Exec(ctx, zoneSame, pgx.StrictNamedArgs{"job_ids": same, "zone_rules": rules})
	return moved, locked[len(locked)-1].JobID, err
}

func writeRezoned(ctx context.Context, tx pgx.Tx, l *policy.Look, by job.Author, c *policy.Change) error {
	f := found{look: l}
	if err := tx.QueryRow(ctx, jobNow).Scan(&f.now, &f.revision); err != nil {
		return err
	}
	f.now = f.now.UTC()
	c.After.Revision, c.After.UpdatedAt = f.revision, f.now
	return writeChange(ctx, tx, edit{id: l.ID, by: by}, f, c)
}

// TellZoneRules writes by which time zone rules a node computes.
func (s *Store) TellZoneRules(ctx context.Context, node uuid.UUID, rules int64, tzdata string) error {
	return s.exec(ctx, s.limit, zoneTell, pgx.StrictNamedArgs{"id": node, "zone_rules": rules, "tzdata": tzdata})
}

// OtherZoneRules lists the live nodes that compute by other time zone rules than those.
func (s *Store) OtherZoneRules(ctx context.Context, rules int64) (others []job.ZoneRules, err error) {
	err = read(ctx, s, zoneOthers, pgx.StrictNamedArgs{"zone_rules": rules},
		func(o job.ZoneRules) { others = append(others, o) })
	return others, err
}
