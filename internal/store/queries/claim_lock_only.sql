-- claim_lock_only: like claim_lock, for named jobs alone. Used where a batch was refused because of one of its jobs.
WITH due AS MATERIALIZED (
    SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules
    FROM pgdue.next_run_times
    WHERE queue = @queue AND due_at <= pgdue.now() AND job_id = ANY (@job_ids::text[])
      AND NOT EXISTS (SELECT FROM pgdue.settings WHERE paused_at IS NOT NULL)
    ORDER BY job_id
    LIMIT @limit
    FOR UPDATE SKIP LOCKED
)
SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules FROM due
