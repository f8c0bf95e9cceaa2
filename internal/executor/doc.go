// Package executor does the work of attempts: Pool picks the kind of work, and there is one file for each kind
// (exec.go, http.go). It knows neither the database nor why a job is due.
//
//	             ┌────────────── Pool.Execute ──────────────┐
//	Attempt ────▶│ timeout ─▶ kind of work ─▶ outcome, tail │────▶ Result
//	             └───────────────────▲──────────────────────┘
//	ctx ends: ErrLeaseLost, ErrShutdown, a cancellation
//
// # Invariants
//
//   - Execute returns only when nothing of the attempt is left: no process is left, the connection is closed.
//     Until then the running instance counts, so max_instances is about work that really runs.
//   - Why an attempt was stopped is the cause of its context, read in one place (Pool). A kind of work says only how it
//     ended, and whether it was stopped or ended by itself: work that succeeded before it was stopped has succeeded.
//   - Memory of an attempt is bounded, whatever the work prints or answers.
//   - A Result can be stored as it is: valid UTF-8 without NUL, Error one line, Output at most 64 KiB.
//
// # What a program is, and when it has ended
//
// On Linux the program of exec work is started by a supervisor of its own (supervise_linux.go): this same binary, once
// more, which is the reaper of all that the program starts, in whatever group or session.
//
//	node ── control pipe ──▶ supervisor ──▶ program ──▶ …
//	     ◀──── report ─────     reaps and kills all of these
//
// The run ends when the program ends. Whatever it left behind gets a moment to end as well, then SIGTERM, then SIGKILL:
// a run that has ended must have nothing left that works. A run that is stopped gets SIGTERM and, after its job's kill
// grace, SIGKILL. When the node dies, its end of the control pipe closes, and all is killed at once. When the node is
// frozen, the supervisor still ends what outlives its timeout. What cannot be killed, because it runs as another user,
// is told at once, and its attempt goes on to count.
//
// On other systems the program is started as leader of a process group. What leaves the group escapes, and goes on when
// the node is killed (group_other.go).
package executor
