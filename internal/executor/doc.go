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
//   - Execute returns only when nothing of the attempt is left: the process group is empty, the connection is closed.
//     Until then the running instance counts, so max_instances is about work that really runs.
//   - Why an attempt was stopped is the cause of its context, read in one place (Pool). A kind of work says only how it
//     ended, and whether it was stopped or ended by itself: work that succeeded before it was stopped has succeeded.
//   - Memory of an attempt is bounded, whatever the work prints or answers.
//   - A Result can be stored as it is: valid UTF-8 without NUL, Error one line, Output at most 64 KiB.
//
// # What a program is, and when it has ended
//
// The program of exec work is started as leader of a new process group. The run ends when the leader ends. Whatever it
// left behind in its group gets a moment to end as well, then SIGTERM, then SIGKILL: a run that has ended must have
// nothing left that works. A run that is stopped gets SIGTERM and, after KillGrace, SIGKILL, the whole group at once.
//
// A process that leaves the group (setsid, setpgid, a daemon) escapes: it is neither waited for nor killed, and what it
// prints after the run's end is lost. When the node itself is killed, Linux kills the leader of every run with it (see
// starter_linux.go); its descendants, and on other systems the leader too, run on uncounted.
package executor
