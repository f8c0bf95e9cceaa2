-- claim_waiting: of each locked job the waiting run that comes first, as one look begins one run, and how many wait, counted
-- up to one beyond max_waiting.
-- Concurrency: as claim_live.
SELECT w.job_id, w.run_id, w.scheduled_run_time, w.cause, w.created_at, w.front, w.payload, w.fire_count, w.first_run_time, w.last_run_time, c.waiting
FROM pgdue.jobs j
CROSS JOIN LATERAL (
    SELECT job_id, run_id, scheduled_run_time, cause, created_at, front, payload, fire_count, first_run_time, last_run_time
    FROM pgdue.waiting_runs
    WHERE job_id = j.id
    ORDER BY front DESC, created_at, scheduled_run_time
    LIMIT 1
) w
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM (SELECT FROM pgdue.waiting_runs WHERE job_id = j.id LIMIT j.max_waiting + 1) counted
) c
WHERE j.id = ANY (@job_ids::text[])
ORDER BY w.job_id
