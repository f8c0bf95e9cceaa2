// Package scheduler is the language and the policy of pgdue: what a job and a run are, what a due job should do, and the
// loops that claim, complete, keep a node's lease and take over what a dead node left. It reads and writes through the
// Store interface and does the work through the Executor interface; it knows no SQL and no network.
//
// # A job
//
//	            add, put                      last fire begun or skipped
//	            add, put                      last fire decided
//	(nothing) ───────────▶ active ─────────────────────────────────────▶ finished ──24 h──▶ (nothing)
//	                        │  ▲ │ ▲                                         │
//	 looked at alone, fails │  │ │ │ resume                add under the id  │ while its runs still run
//	                        ▼  │ ▼ │                                         ▼
//	                  blocked  │ paused                                    active
//	                     └─put─┘
//
// # A run
//
//	fire time ──claim──┬─▶ running instance (executing) ──complete──▶ succeeded, failed, timed_out, cancelled
//	                   │      ▲     │  ▲     └──────── take-over, lease lost ─▶ lost
//	                   │      │     ▼  │ claim, after a wait
//	                   │      │   retrying   (failed, timed out or lost, with attempts left; counted all the while)
//	                   │    claim
//	                   ├─▶ waiting run   (overlap wait, coalesce all; run-now begins here)
//	                   └─▶ skipped, with a reason
//
// A person's cancel, or overlap replace, ends what waits or retries at once, and asks the node of what executes: cancel.go.
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
//   - Every fire time ends in exactly one final Record, alone or inside a Record that stands for a span of fire times.
//   - A pause that is committed before a claim's last read is obeyed by it. What it holds keeps its next run time: the first
//     look after the last pause decides.
//   - Time is the database's. The node's own clock measures durations only.
package scheduler
