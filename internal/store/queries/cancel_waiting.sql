-- cancel_waiting: ends waiting runs of a job as cancelled: one, or all where @run_id is null.
-- Concurrency: the caller holds the job's lock.
WITH gone AS (
    DELETE FROM pgdue.waiting_runs WHERE job_id = @job_id AND (@run_id::uuid IS NULL OR run_id = @run_id)
    RETURNING job_id, run_id, cause, scheduled_run_time
)
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, ended_at,
                               first_run_time, last_run_time, job_revision)
SELECT g.job_id, g.run_id, 1, true, g.cause, g.scheduled_run_time, 'cancelled', @sentence || ', while it waited',
       pgdue.now(),
       g.scheduled_run_time, g.scheduled_run_time, j.revision
FROM gone g JOIN pgdue.jobs j ON j.id = g.job_id
