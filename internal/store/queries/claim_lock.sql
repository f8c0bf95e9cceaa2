-- claim_lock: locks up to @limit due jobs of one queue, oldest first, that nobody else holds.
-- Concurrency: SKIP LOCKED never waits. A row that another claim committed after this statement's snapshot is checked
-- again in its newest version, so a job that was just moved ahead is not returned. Use these columns: joining the table
-- again would read the older snapshot. What stands in other tables (running instances!) must be read by a later
-- statement. Nothing while everything is paused: settings is read once, not for each row, and again by claim_pauses.
WITH due AS MATERIALIZED (
    SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules
    FROM pgdue.next_run_times
    WHERE queue = @queue AND due_at <= pgdue.now()
      AND NOT EXISTS (SELECT FROM pgdue.settings WHERE paused_at IS NOT NULL)
    ORDER BY due_at
    LIMIT @limit
    FOR UPDATE SKIP LOCKED
)
SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules FROM due
