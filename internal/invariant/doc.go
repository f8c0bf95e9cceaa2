// Package invariant judges what pgdue promises by the rows of a database: one statement per promise, in queries/*.sql,
// that selects what breaks it. It knows the tables and none of the code that writes them, so that it can be wrong only
// by itself. Tests end with it, whatever they did:
//
//	invariant.Hold(t, conn, invariant.SteadyClock, invariant.Stopped)
//
// # What is judged, and how
//
// At every commit:
//
//	final_once              a run has one final row: rows are counted by run
//	ended_runs_are_over     it waits, or runs, or has ended: the three tables are joined
//	asked_runs_are_kept     a run that job_events says was asked for is in one of them
//	attempts_in_order       attempts have a row each, 1 … n, the final one last, none of the one that executes
//	attempts_at_most        none has a number above max_attempts
//	fires_once              rows of a job's fire times span no fire time twice
//	fires_kept              and leave none out: those of an interval are an interval apart, up to next_run_time
//	fires_decided           last_run_time, which moves the schedule on, is the last fire time that has a row
//	instances_at_most       running instances are counted, where one has begun with the present definition
//	no_orphans              every row has what it belongs to: its job, its node
//
// Given a SteadyClock, from times that the database has written:
//
//	instances_at_most_ever  runs' spans, from the decision to the last end, overlap max_instances times at most
//	pauses_obeyed           nothing begins inside a pause
//	times_in_order          scheduled time, begin, end and next begin follow each other
//
// Given that the nodes have come so far:
//
//	waiting_runs_awake      (Settled) where a run waits and an instance is free, the job is due: no wake-up was lost
//	nothing_due             (Claimed) nothing that is due stays so
//	nothing_executes        (Stopped) no instance is left that nobody will end
//
// # What is not
//
// A statement is silent where rows cannot tell, and its comment says when. Fire times are judged for jobs that are
// there and whose trigger was never changed; the model test knows them for all. What a limit was when a run began is
// known by the job's events. History must be whole: a database that has dropped partitions has lost fires.
package invariant
