-- ended_runs_are_over: a run is in one place: it waits, or runs, or has ended.
SELECT w.job_id, w.run_id::text, 'runs and still waits' AS what
FROM pgdue.waiting_runs w JOIN pgdue.running_instances r USING (job_id, run_id)
UNION ALL
SELECT w.job_id, w.run_id::text, format('attempt %s has ended, and it still waits', h.attempt)
FROM pgdue.waiting_runs w JOIN pgdue.run_history h USING (job_id, run_id)
UNION ALL
SELECT r.job_id, r.run_id::text, format('has ended as %s and is still %s', h.outcome, r.state)
FROM pgdue.running_instances r JOIN pgdue.run_history h USING (job_id, run_id)
WHERE h.final
