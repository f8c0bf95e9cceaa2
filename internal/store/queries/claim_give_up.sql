-- claim_give_up: ends runs that were between two attempts and get none any more. Their last attempt is recorded; this
-- is the run's end, at the moment at which that was decided.
-- Concurrency: the caller holds their jobs' locks, or has just removed the job under its lock.
WITH gone AS (
    DELETE FROM pgdue.running_instances r
    USING unnest(@job_ids::text[], @run_ids::uuid[], @ended_ats::timestamptz[], @sentences::text[])
        AS d(job_id, run_id, ended_at, sentence)
    WHERE r.job_id = d.job_id AND r.run_id = d.run_id AND r.state = 'retrying'
    RETURNING r.job_id, r.run_id, r.attempt, r.cause, r.scheduled_run_time, r.job_revision, d.ended_at, d.sentence
)
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, ended_at,
                               first_run_time, last_run_time, job_revision)
SELECT job_id, run_id, attempt + 1, true, cause, scheduled_run_time, 'cancelled', sentence, ended_at,
       scheduled_run_time, scheduled_run_time, job_revision
FROM gone
