-- claim_waiting: the waiting runs of locked jobs, in the order in which they came.
-- Concurrency: as claim_live.
SELECT job_id, run_id, scheduled_run_time, cause, created_at
FROM pgdue.waiting_runs
WHERE job_id = ANY (@job_ids::text[])
ORDER BY created_at, scheduled_run_time
