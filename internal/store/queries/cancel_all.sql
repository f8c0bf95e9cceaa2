-- cancel_all: asks to cancel all runs of a job that execute. Who asked first stays.
-- Concurrency: as claim_cancel: rows that completions are just ending are passed over.
WITH live AS MATERIALIZED (
    SELECT job_id, run_id FROM pgdue.running_instances WHERE job_id = @job_id
        AND state = 'executing' FOR UPDATE SKIP LOCKED
)
UPDATE pgdue.running_instances r
SET cancel_requested_at = coalesce(r.cancel_requested_at, pgdue.now()),
    cancel_requested_by = CASE WHEN r.cancel_requested_at IS NULL THEN @by ELSE r.cancel_requested_by END,
    cancel_reason = CASE WHEN r.cancel_requested_at IS NULL THEN @reason ELSE r.cancel_reason END
FROM live WHERE r.job_id = live.job_id AND r.run_id = live.run_id
RETURNING r.node_id
