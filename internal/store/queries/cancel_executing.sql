-- cancel_executing: asks to cancel a run that executes. Who asked first stays.
-- Concurrency: the caller holds the job's lock, where there is a job. It waits for a completion that is just ending the
-- row, and then changes none.
UPDATE pgdue.running_instances
SET cancel_requested_at = coalesce(cancel_requested_at, pgdue.now()),
    cancel_requested_by = CASE WHEN cancel_requested_at IS NULL THEN @by ELSE cancel_requested_by END,
    cancel_reason = CASE WHEN cancel_requested_at IS NULL THEN @reason ELSE cancel_reason END
WHERE job_id = @job_id AND run_id = @run_id AND state = 'executing'
RETURNING node_id
