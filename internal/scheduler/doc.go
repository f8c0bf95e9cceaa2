// Package scheduler is the loops of a node: they claim what is due, record how it ended, keep the node's lease, take over
// what a dead node left, pass on cancels, make the calls of alerts, and keep house. What is to be done they ask of package
// policy; they read and write through the Store interface and do the work through job.Executor. They know no SQL and no
// network.
//
// # Invariants
//
//   - Only a claim begins work. Everything else that wants a run makes its job due (Job.DueAt) and lets the claim decide.
//   - A claim locks its jobs first and reads the running instances in a later statement, so it counts what is committed
//     when it holds the lock. Running instances of a job id never exceed max_instances.
//   - The work starts after the claim's commit, and only while the node trusts its lease.
//   - Ending an attempt deletes its running instance where job, run, attempt and node match; a write that matches nothing
//     belonged to somebody who has lost the run, and changes nothing; unless the run has no record either, because a
//     person deleted its instance.
//   - A pause that is committed before a claim's last read is obeyed by it.
//   - Time is the database's. The node's own clock measures durations only.
package scheduler
