-- clock_jobs: up to @limit jobs after @after whose next run lies ahead, by id: those that a clock that was set back may
-- have left too far ahead. Locks nothing.
SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules
FROM pgdue.next_run_times
WHERE job_id > @after AND state IN ('active', 'paused') AND NOT moved AND next_run_time > pgdue.now()
ORDER BY job_id
LIMIT @limit
