-- why_cancels: which of a job's running instances are to be cancelled.
SELECT run_id, cancel_requested_at AS asked_at, cancel_requested_by AS asked_by
FROM pgdue.running_instances
WHERE job_id = @job_id AND cancel_requested_at IS NOT NULL
