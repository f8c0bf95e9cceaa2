// Package scheduler is the loops of a node: they claim what is due, record how it ended, keep the node's lease, take
// over what a dead node left, pass on cancels, make the calls of alerts, and keep house. What is to be done they ask of
// package policy; they read and write through the Store interface and do the work through job.Executor. They know no
// SQL and no network.
//
// # The loops
//
// Each loop is a type with the few fields that it needs, and a method run that ends with its context. Scheduler
// composes them, and Run owns their goroutines. Double lines hand something over; single ones wake a loop by a signal.
//
//	listenLoop ──────┬──────────────┐
//	                 ▼              ▼
//	  ┌─────────▶ claimLoop     cancelLoop
//	  │           claimer ══════▶   ║
//	  │              ║              ║ cancels
//	  │              ▼              ▼
//	  │           attempts ◀════════╝       one goroutine each, under a context of the lease
//	  │              ║
//	  │              ▼
//	  ├────────── completeLoop ══▶ judgeLoop ──▶ callLoop
//	  │                                ▲
//	  └────────── takeOverLoop ════════╝
//	                 ▲
//	                 ║ dead nodes
//	              leaseLoop ═══▶ lease ══▶ without it nothing begins; its end cancels what may not outlive it
//
//	              houseLoop     clockLoop     zoneLoop
//
//	loop          does                              without being woken      ends with
//	claimLoop     begins what is due                when due; every Poll     Run's context
//	completeLoop  records the ends of attempts      never                    the node
//	cancelLoop    cancels what somebody asked       every job.BeatEvery      the node
//	leaseLoop     renews the lease, finds the dead  every job.BeatEvery      the node
//	takeOverLoop  ends the attempts of the dead     never                    the node
//	judgeLoop     finds jobs that fail, or are      every judgeAllEvery      the node
//	              silent
//	callLoop      makes the calls of alerts         every Poll               Run's context
//	houseLoop     keeps house in the database       every hour               Run's context
//	clockLoop     finds jobs that stand ahead       every clockEvery         Run's context
//	zoneLoop      follows the rules of time zones   every zonesEvery         Run's context
//	listenLoop    wakes claims and cancels          all the time             the node
//
// When Run's context ends, the node drains: it claims nothing more, but goes on to renew its lease and to record ends
// until its attempts have ended. Then the other loops end, and the node is gone.
//
// A signal only shortens a wait, but for completeLoop and takeOverLoop, for which nothing comes but from this process.
// What a kill loses with the memory, others find in the rows: an attempt whose end was not recorded yet is taken over,
// and ends as lost; a dead node is found dead by others too.
//
// What happens is told to Metrics, which counts it, and to story, which writes the operator's log.
//
// # Words
//
// A claim begins a run; the node starts, that is executes, its attempt. A tick is one round of the claim loop. A look
// is one decision about one job (policy.Look). A job is watched if it has OnFailure; only such jobs are judged. A claim
// is in doubt while nobody knows whether it was committed.
//
// # Invariants
//
//   - Only a claim begins work. Everything else that wants a run makes its job due (Job.DueAt) and lets the claim
//     decide.
//   - A claim locks its jobs first and reads the running instances in a later statement, so it counts what is committed
//     when it holds the lock. Running instances of a job id never exceed max_instances.
//   - The work starts after the claim's commit, and only while the node trusts its lease, judged at the last moment.
//   - Ending an attempt deletes its running instance where job, run, attempt and node match. A write that matches
//     nothing belonged to somebody who has lost the run, and changes nothing; unless the run has no record either,
//     because a person deleted its instance.
//   - A pause that is committed before a claim's last read is obeyed by it.
//   - Time is the database's. The node's own clock measures durations only.
//   - No mutex is held while the database is asked, but for that of doubts, which is there to keep everybody from
//     claiming.
package scheduler
