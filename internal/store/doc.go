// Package store keeps pgdue's state in PostgreSQL: one method for each thing it can do, one file in queries/ for each
// statement. It holds no policy: what a due job should do is decided by package scheduler, between a claim's reads and
// writes.
//
// # Transactions
//
// Everything that writes goes through inTx: explicit READ COMMITTED, statements under the caller's context, row counts
// checked, then COMMIT alone under a context of its own, since a cancelled COMMIT is one of unknown outcome.
// Transactions that idle end by themselves after idleLimit, so that a frozen process holds no job for long. Whatever is
// asked has a deadline, callTimeout, so that a connection that has died silently stops no loop. Edits, which may wait
// for a lock that somebody else holds, have connections of their own, and wait for lockLimit at most.
//
// # Lock order
//
// For everybody: next_run_times (several: by job_id), then nodes (NOWAIT), then running_instances. Whoever changes a
// job locks its row in next_run_times first. Only claims and take-overs use SKIP LOCKED; they lock in any order, as
// they never wait.
package store
