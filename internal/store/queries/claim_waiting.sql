-- claim_waiting: of each locked job the waiting run that comes first, as one look begins one run, and how many wait,
-- counted up to one beyond max_waiting. Both sub-selects are in the order of the index, so that it is what they read:
-- where nearly all rows are of one job, the planner would expect to come upon any job's soon, and read the whole table
-- for each that has none.
-- Concurrency: as claim_live.
SELECT w.job_id, w.run_id, w.scheduled_run_time, w.cause, w.created_at, w.front, w.payload, w.fire_count,
    w.first_run_time, w.last_run_time, c.waiting
FROM pgdue.jobs j
CROSS JOIN LATERAL (
    SELECT job_id, run_id, scheduled_run_time, cause, created_at, front, payload, fire_count, first_run_time,
        last_run_time
    FROM pgdue.waiting_runs
    WHERE job_id = j.id
    ORDER BY front DESC, created_at, scheduled_run_time
    LIMIT 1
) w
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting FROM (
        SELECT FROM pgdue.waiting_runs WHERE job_id = j.id ORDER BY front DESC, created_at,
            scheduled_run_time LIMIT j.max_waiting + 1
    ) counted
) c
WHERE j.id = ANY (@job_ids::text[])
ORDER BY w.job_id
