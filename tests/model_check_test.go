package tests

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/invariant"
)

// span is what became, or becomes, of fire times: a final row, a running instance or a waiting run.
type span struct {
	RunID     uuid.UUID
	First     time.Time
	Last      time.Time
	FireCount int64
	Where     string
}

const spans = `
SELECT run_id, first_run_time AS first, last_run_time AS last, fire_count, 'ended: ' || outcome || coalesce(' ' || reason, '') AS where
FROM pgdue.run_history WHERE job_id = $1 AND cause = 'schedule' AND final
UNION ALL
SELECT run_id, scheduled_run_time, scheduled_run_time, 1, 'running: ' || state FROM pgdue.running_instances WHERE job_id = $1 AND cause = 'schedule'
UNION ALL
SELECT run_id, scheduled_run_time, scheduled_run_time, 1, 'waiting' FROM pgdue.waiting_runs WHERE job_id = $1 AND cause = 'schedule'
ORDER BY first, last`

// check says what does not hold of what the test knows beside the rows, "" when all does.
func (w *world) check() (string, error) {
	if fault := w.noted(); fault != "" {
		return fault, nil
	}
	fault, err := w.first(`SELECT what FROM public.faults UNION ALL
		SELECT format('%s is blocked: %s', job_id, error) FROM pgdue.next_run_times WHERE state = 'blocked'`)
	if err != nil || fault != "" {
		return fault, err
	}
	for id := range w.gens {
		if fault, err := w.checkFires(id); err != nil || fault != "" {
			return fault, err
		}
	}
	return "", nil
}

func (w *world) noted() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults) > 0 {
		return w.faults[0]
	}
	return ""
}

// first is the first row of a query of one text, "" when there is none.
func (w *world) first(query string, args ...any) (string, error) {
	rows, err := w.rows.Query(w.t.Context(), query, args...)
	if err != nil {
		return "", err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// checkFires walks along the fire times of each generation of a job: each is in exactly one span, without a gap, up to
// the next run time, or to the end of the generation.
func (w *world) checkFires(id string) (string, error) {
	rows, err := w.rows.Query(w.t.Context(), spans, id)
	if err != nil {
		return "", err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[span])
	if err != nil {
		return "", err
	}
	for _, g := range w.gens[id] {
		for i, e := range g.epochs {
			var own, others []span
			for _, s := range list {
				if e.job.RunIDOf(s.First) == s.RunID {
					own = append(own, s)
				} else {
					others = append(others, s)
				}
			}
			list = others
			if fault, err := w.walk(id, e, i == len(g.epochs)-1 && !g.removed, own); err != nil || fault != "" {
				return fault, err
			}
		}
	}
	if len(list) > 0 {
		return fmt.Sprintf("%s: %+v is of no fire time", id, list[0]), nil
	}
	return "", nil
}

// walk walks along one epoch, which lasts or is over.
func (w *world) walk(id string, e epoch, lasts bool, own []span) (string, error) {
	next := e.first
	for _, s := range own {
		if !e.end.IsZero() && s.First.After(e.limit) {
			return fmt.Sprintf("%s: %+v is after the end of its trigger", id, s), nil
		}
		if !s.First.Equal(next) {
			return fmt.Sprintf("%s: after %s comes %+v", id, next.Add(-e.every), s), nil
		}
		if last := s.First.Add(time.Duration(s.FireCount-1) * e.every); !s.Last.Equal(last) {
			return fmt.Sprintf("%s: %+v counts wrongly, every %s", id, s, e.every), nil
		}
		next = s.Last.Add(e.every)
	}
	switch {
	case !e.end.IsZero() && !next.After(e.end):
		return fmt.Sprintf("%s: %s was due before %s, and has no row", id, next, e.end), nil
	case lasts:
		var stored time.Time
		if err := w.rows.QueryRow(w.t.Context(), "SELECT next_run_time FROM pgdue.next_run_times WHERE job_id = $1",
			id).Scan(&stored); err != nil {
			return "", err
		}
		if !stored.Equal(next) {
			return fmt.Sprintf("%s: the next run time is %s, and all fire times up to %s are decided", id, stored.UTC(),
				next.Add(-e.every).UTC()), nil
		}
	}
	return "", nil
}

// holds says which invariants do not hold. Completion wakes what waits a moment after its commit, so it is asked more
// than once. The clock is set back here: what needs a steady one is watched by the database's triggers.
func (w *world) holds() (string, error) {
	for deadline := time.Now().Add(3 * time.Second); ; <-time.After(5 * time.Millisecond) {
		violations, err := invariant.Check(w.t.Context(), w.rows, invariant.Settled)
		if err != nil || len(violations) == 0 || time.Now().After(deadline) {
			return invariant.Lines(violations), err
		}
	}
}
