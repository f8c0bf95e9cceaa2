// Package policy decides, and does nothing else: what a due job does, what an edit makes of a job, and when its
// failures are told. Everything in it is a pure function of a Look, which is a job with all that is around it at one
// moment: its instances, the runs that wait, the pauses that cover it. It reads no clock, no database and no settings;
// docs/policies.md says the same to the people who write the jobs.
//
//	Look ──Plan──────────────────▶ Decision   begin, skip, wait, retry, replace, give up; the next times
//	Look ──Pause, Redefine, …────▶ Change     the job before and after, what is dropped, what is to wait
//	Watch ──Judge────────────────▶ Verdict    an alert, and whether the job pauses itself
//
// # Invariants
//
//   - Every fire time that a Decision or a Change passes over is in one of its records, alone or in a span.
//   - A Decision never begins more than MaxInstances allows beside the instances of its Look.
//   - What a pause holds keeps its next run time: the first look after the last pause decides.
package policy
