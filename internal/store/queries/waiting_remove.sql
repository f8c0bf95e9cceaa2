-- waiting_remove: skips all waiting runs of a job that is removed. The caller holds its lock.
WITH gone AS (
    DELETE FROM pgdue.waiting_runs WHERE job_id = @job_id
    RETURNING job_id, run_id, cause, scheduled_run_time
)
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, reason, sentence,
    ended_at,
                               first_run_time, last_run_time, job_revision)
SELECT job_id, run_id, 1, true, cause, scheduled_run_time, 'skipped', 'removed', 'waited when the job was removed',
       pgdue.now(),
       scheduled_run_time, scheduled_run_time, @job_revision
FROM gone
