-- cancel_retrying: ends runs of a job that are between two attempts as cancelled: one, or all where @run_id is null.
-- Concurrency: the caller holds the job's lock, as whoever begins a next attempt.
WITH gone AS (
    DELETE FROM pgdue.running_instances
    WHERE job_id = @job_id AND state = 'retrying' AND (@run_id::uuid IS NULL OR run_id = @run_id)
    RETURNING job_id, run_id, attempt, cause, scheduled_run_time, job_revision
)
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, ended_at,
                               first_run_time, last_run_time, job_revision)
SELECT job_id, run_id, attempt + 1, true, cause, scheduled_run_time, 'cancelled', @sentence
       || ', between two attempts', pgdue.now(),
       scheduled_run_time, scheduled_run_time, job_revision
FROM gone
