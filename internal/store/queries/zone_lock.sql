-- zone_lock: locks up to @limit jobs whose next run was computed by other time zone rules than @zone_rules, by id after
-- @after, passing over those that somebody holds: who decides them now does so by the rules of its own.
SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules
FROM pgdue.next_run_times
WHERE job_id > @after AND zone_rules <> @zone_rules AND state IN ('active', 'paused')
ORDER BY job_id
LIMIT @limit
FOR UPDATE SKIP LOCKED
