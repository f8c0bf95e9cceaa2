package store

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Statements take many rows as arrays of equal length, which unnest puts side by side. Each list below says, for the
// rows of a statement, which arrays it takes and what they hold for a row: so no value can slip into the place of
// another.

// column is an array that a statement takes for rows of type R.
type column[R any] struct {
	name  string
	array func(n int, row func(int) *R) any // of n rows
}

// columns are all arrays of a statement.
type columns[R any] []column[R]

// col is a column of values of type V, which is the array's element type. nil is null.
func col[R, V any](name string, value func(*R) V) column[R] {
	return column[R]{name, func(n int, row func(int) *R) any {
		array := make([]V, n)
		for i := range array {
			array[i] = value(row(i))
		}
		return array
	}}
}

// of are the columns of a part of each row.
func of[R, P any](part func(*R) *P, inner columns[P]) columns[R] {
	outer := make(columns[R], len(inner))
	for i, c := range inner {
		outer[i] = column[R]{c.name, func(n int, row func(int) *R) any {
			return c.array(n, func(i int) *P { return part(row(i)) })
		}}
	}
	return outer
}

// with are the columns, and those of the lists.
func (c columns[R]) with(lists ...columns[R]) columns[R] {
	all := append(columns[R]{}, c...)
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// args are the arrays for the rows.
func (c columns[R]) args(rows []R) pgx.StrictNamedArgs { return c.addTo(pgx.StrictNamedArgs{}, rows) }

// addTo adds the arrays to arguments that are not arrays of rows.
func (c columns[R]) addTo(args pgx.StrictNamedArgs, rows []R) pgx.StrictNamedArgs {
	for _, one := range c {
		args[one.name] = one.array(len(rows), func(i int) *R { return &rows[i] })
	}
	return args
}

// runColumns name runs.
var runColumns = columns[job.Run]{
	col("job_ids", func(r *job.Run) string { return r.JobID }),
	col("run_ids", func(r *job.Run) uuid.UUID { return r.RunID }),
}

// standsForColumns are the fire times for which runs stand.
var standsForColumns = columns[job.StandsFor]{
	col("fire_counts", func(s *job.StandsFor) int64 { return s.FireCount }),
	col("first_run_times", func(s *job.StandsFor) time.Time { return s.FirstRunTime }),
	col("last_run_times", func(s *job.StandsFor) time.Time { return s.LastRunTime }),
}

// begun is a run that a claim begins, with the job that it is of.
type begun struct {
	policy.Start
	look *policy.Look
}

// deadline is when its attempt times out.
func (b *begun) deadline() *time.Time {
	if t := b.look.EffectiveTimeout(); t > 0 {
		return orNull(b.look.Now.Add(t))
	}
	return nil
}

// retryColumns are those of claim_retry.
var retryColumns = of(func(b *begun) *job.Run { return &b.Run }, runColumns).with(columns[begun]{
	col("attempts", func(b *begun) int { return b.Attempt }),
	col("started_ats", func(b *begun) time.Time { return b.look.Now }),
	col("deadlines", (*begun).deadline),
	col("job_revisions", func(b *begun) int64 { return b.JobRevision }),
})

// beginColumns are those of claim_begin.
var beginColumns = retryColumns.with(
	columns[begun]{
		col("scheduled_run_times", func(b *begun) time.Time { return b.ScheduledRunTime }),
		col("causes", func(b *begun) string { return string(b.Cause) }),
		col("payloads", func(b *begun) *string { return text(b.Payload) }),
	},
	of(func(b *begun) *job.StandsFor { return &b.StandsFor }, standsForColumns),
)

// giveUpColumns are those of claim_give_up.
var giveUpColumns = of(func(g *policy.GivenUp) *job.Run { return &g.Run }, runColumns).with(columns[policy.GivenUp]{
	col("ended_ats", func(g *policy.GivenUp) time.Time { return g.At }),
	col("sentences", func(g *policy.GivenUp) string { return g.Sentence }),
})

// cancelColumns are those of claim_cancel.
var cancelColumns = of(func(r *policy.Replaced) *job.Run { return &r.Run }, runColumns).with(columns[policy.Replaced]{
	col("reasons", func(r *policy.Replaced) string { return r.Request.Reason }),
})

// waitingColumns are those of waiting_insert.
var waitingColumns = of(func(w *job.WaitingRun) *job.Run { return &w.Run }, runColumns).with(
	columns[job.WaitingRun]{
		col("causes", func(w *job.WaitingRun) string { return string(w.Cause) }),
		col("scheduled_run_times", func(w *job.WaitingRun) time.Time { return w.ScheduledRunTime }),
		col("created_ats", func(w *job.WaitingRun) time.Time { return w.CreatedAt }),
		col("fronts", func(w *job.WaitingRun) bool { return w.Front }),
		col("payloads", func(w *job.WaitingRun) *string { return text(w.Payload) }),
	},
	of(func(w *job.WaitingRun) *job.StandsFor { return &w.StandsFor }, standsForColumns),
)

// advanceColumns are those of claim_advance.
var advanceColumns = columns[policy.Decided]{
	col("job_ids", func(d *policy.Decided) string { return d.Job.ID }),
	col("states", func(d *policy.Decided) string { return string(d.Decision.State) }),
	col("next_run_times", func(d *policy.Decided) *time.Time { return orNull(d.Decision.NextRunTime) }),
	col("last_run_times", func(d *policy.Decided) *time.Time { return orNull(d.Decision.LastRunTime) }),
	col("due_ats", func(d *policy.Decided) *time.Time { return orNull(d.Decision.DueAt) }),
	col("errors", func(d *policy.Decided) *string { return text(d.Decision.Error) }),
	col("moveds", func(d *policy.Decided) bool { return d.Decision.Moved }),
	col("zone_rules", func(d *policy.Decided) *int64 { return number(d.Decision.ZoneRules) }),
}

// attemptColumns tell an attempt's end from all others.
var attemptColumns = of(func(r *job.Record) *job.Run { return &r.Run }, runColumns).with(columns[job.Record]{
	col("attempts", func(r *job.Record) int { return r.Attempt }),
	col("node_ids", func(r *job.Record) uuid.UUID { return r.NodeID }),
	col("sentences", func(r *job.Record) string { return r.Sentence }),
})

// resultColumns are how attempts ended.
var resultColumns = attemptColumns.with(columns[job.Record]{
	col("nodes", func(r *job.Record) string { return r.Node }),
	col("outcomes", func(r *job.Record) string { return string(r.Outcome) }),
	col("errors", func(r *job.Record) *string { return text(r.Error) }),
	col("outputs", func(r *job.Record) *string { return text(r.Output) }),
	col("statuses", func(r *job.Record) *int { return r.Status }),
	col("durations", func(r *job.Record) *time.Duration { return positive(r.Took) }),
})

// retryInColumns are those of retry.
var retryInColumns = resultColumns.with(columns[job.Record]{
	col("retry_ins", func(r *job.Record) time.Duration { return r.RetryIn }),
})

// endedColumns are those of complete.
var endedColumns = resultColumns.with(columns[job.Record]{
	col("finals", func(r *job.Record) bool { return r.Final }),
})

// removedColumns are those of complete_removed: also what complete takes from the instance.
var removedColumns = endedColumns.with(columns[job.Record]{
	col("causes", func(r *job.Record) string { return string(r.Cause) }),
	col("scheduled_run_times", func(r *job.Record) time.Time { return r.ScheduledRunTime }),
	col("started_ats", func(r *job.Record) time.Time { return r.StartedAt }),
	col("job_revisions", func(r *job.Record) int64 { return r.JobRevision }),
})

// historyColumns are those of history_insert.
var historyColumns = of(func(r *job.Record) *job.Run { return &r.Run }, runColumns).with(columns[job.Record]{
	col("attempts", func(r *job.Record) int { return r.Attempt }),
	col("causes", func(r *job.Record) string { return string(r.Cause) }),
	col("scheduled_run_times", func(r *job.Record) time.Time { return r.ScheduledRunTime }),
	col("outcomes", func(r *job.Record) string { return string(r.Outcome) }),
	col("reasons", func(r *job.Record) string { return string(r.Reason) }),
	col("sentences", func(r *job.Record) string { return r.Sentence }),
	col("node_ids", func(r *job.Record) *uuid.UUID {
		if r.NodeID == uuid.Nil {
			return nil
		}
		return &r.NodeID
	}),
	col("nodes", func(r *job.Record) *string { return text(r.Node) }),
	col("fire_counts", func(r *job.Record) int64 { return r.FireCount }),
	col("first_run_times", func(r *job.Record) time.Time { return r.FirstRunTime }),
	col("last_run_times", func(r *job.Record) time.Time { return r.LastRunTime }),
	col("job_revisions", func(r *job.Record) int64 { return r.JobRevision }),
})

// foldColumns are those of history_fold.
var foldColumns = columns[foldHour]{
	col("job_ids", func(h *foldHour) string { return h.JobID }),
	col("causes", func(h *foldHour) string { return h.Cause }),
	col("hours", func(h *foldHour) time.Time { return h.Hour }),
}
