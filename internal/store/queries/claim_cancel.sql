-- claim_cancel: asks to cancel instances that are to be replaced.
-- Concurrency: the caller holds their jobs' locks, which completions do not take. One that is just ending a row has it
-- locked; it is passed over, as it is gone in a moment, and as waiting for several such rows could deadlock.
WITH still AS (
    SELECT r.job_id, r.run_id, d.reason
    FROM pgdue.running_instances r
    JOIN unnest(@job_ids::text[], @run_ids::uuid[], @reasons::text[]) AS d(job_id, run_id, reason)
        ON r.job_id = d.job_id AND r.run_id = d.run_id
    WHERE r.cancel_requested_at IS NULL
    FOR UPDATE OF r SKIP LOCKED
)
UPDATE pgdue.running_instances r
SET cancel_requested_at = pgdue.now(), cancel_requested_by = @by, cancel_reason = still.reason
FROM still WHERE r.job_id = still.job_id AND r.run_id = still.run_id
