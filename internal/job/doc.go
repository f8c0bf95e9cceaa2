// Package job is the words of pgdue: a job and its policies, a run with its instances and its records, a pause, an
// alert, a node, an event, and what an edit may refuse. Every other room speaks in them. It validates a Definition;
// what becomes of a job is decided in package policy.
//
// # A job
//
//	            add, put                      last fire begun or skipped
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
// Every fire time ends in exactly one final Record, alone or inside a Record that stands for a span of fire times.
package job
