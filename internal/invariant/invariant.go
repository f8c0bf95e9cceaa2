package invariant

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Given is what a database must have lived through for an invariant to hold.
type Given string

const (
	// Always is nothing: the invariant holds at every commit. It need not be given.
	Always Given = "always"
	// SteadyClock is that the database's clock was never set back, and that no person has deleted a running instance.
	SteadyClock Given = "steady clock"
	// Settled is that nothing has ended for a moment: whoever records an end makes due what waits, right after that
	// commit. Ask again before you believe a violation.
	Settled Given = "settled"
	// Claimed is that the nodes have claimed for as long as something was due.
	Claimed Given = "claimed"
	// Stopped is that all nodes have stopped by themselves, or that others have taken over what they left.
	Stopped Given = "stopped"
)

// Invariant is a promise of pgdue and the statement that finds what breaks it.
type Invariant struct {
	Name  string // of its file in queries/
	What  string // what must hold: a sentence, the first line of that file
	Given Given  // under which it must
	SQL   string // without parameters; selects job_id, run_id (null: of no run) and what, a row for each violation
}

//go:embed queries/*.sql
var queries embed.FS

// All are the invariants that package invariant judges.
var All = []Invariant{
	read("asked_runs_are_kept", Always),
	read("attempts_at_most", Always),
	read("attempts_in_order", Always),
	read("ended_runs_are_over", Always),
	read("final_once", Always),
	read("fires_decided", Always),
	read("fires_kept", Always),
	read("fires_once", Always),
	read("instances_at_most", Always),
	read("no_orphans", Always),
	read("instances_at_most_ever", SteadyClock),
	read("pauses_obeyed", SteadyClock),
	read("times_in_order", SteadyClock),
	read("waiting_runs_awake", Settled),
	read("nothing_due", Claimed),
	read("nothing_executes", Stopped),
}

// Violation is one thing that is not as an invariant says.
type Violation struct {
	Invariant string // its name
	JobID     string
	RunID     string // "" where it is of no run
	What      string // what is wrong
}

// String is all of it in one line.
func (v Violation) String() string {
	if v.RunID == "" {
		return fmt.Sprintf("%s: job %s: %s", v.Invariant, v.JobID, v.What)
	}
	return fmt.Sprintf("%s: job %s, run %s: %s", v.Invariant, v.JobID, v.RunID, v.What)
}

// Check judges the database of conn at one moment: by the invariants that hold always, and by those of what is given.
// It returns what breaks them, in the order of All, and writes nothing. conn must not be in a transaction.
func Check(ctx context.Context, conn *pgx.Conn, given ...Given) (violations []Violation, err error) {
	asOneMoment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, asOneMoment, func(tx pgx.Tx) (err error) {
		violations, err = judge(ctx, tx, given...)
		return err
	})
	return violations, err
}

// judge is Check by what tx sees.
func judge(ctx context.Context, tx pgx.Tx, given ...Given) (violations []Violation, err error) {
	for _, i := range All {
		if i.Given != Always && !slices.Contains(given, i.Given) {
			continue
		}
		found, err := i.find(ctx, tx)
		if err != nil {
			return nil, fmt.Errorf("judge %s: %w", i.Name, err)
		}
		violations = append(violations, found...)
	}
	return violations, nil
}

// find returns what breaks one invariant, by job and run.
func (i Invariant) find(ctx context.Context, tx pgx.Tx) ([]Violation, error) {
	rows, err := tx.Query(ctx, i.SQL)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Violation, error) {
		v := Violation{Invariant: i.Name}
		var run *string
		err := row.Scan(&v.JobID, &run, &v.What)
		if run != nil {
			v.RunID = *run
		}
		return v, err
	})
	slices.SortStableFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.JobID, b.JobID), cmp.Compare(a.RunID, b.RunID))
	})
	return found, err
}

// read makes the invariant of a file.
func read(name string, given Given) Invariant {
	text, err := queries.ReadFile("queries/" + name + ".sql")
	if err != nil {
		panic(err) // the file is embedded; only a wrong name above can do this
	}
	comment := strings.ReplaceAll(string(text), "\n-- ", " ")
	what, _, _ := strings.Cut(strings.TrimPrefix(comment, "-- "+name+": "), ".")
	return Invariant{Name: name, What: what + ".", Given: given, SQL: string(text)}
}
