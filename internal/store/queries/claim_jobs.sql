-- claim_jobs: the definitions of locked jobs, and the time by which they are decided.
-- Concurrency: whoever changes a job holds its row in next_run_times, which the caller has locked before this
-- statement.
SELECT id, trigger, executor, payload, max_instances, overlap, "coalesce" AS coalesce_policy, max_waiting,
       misfire_grace_time, timeout, kill_grace, on_contact_lost,
       max_attempts, retry_min, retry_max, retry_factor, retry_on, history, on_failure, alert_if_no_success_for,
       labels, anchor,
       created_at, updated_at, revision, created_revision,
       paused_at, paused_by, paused_reason, pgdue.now() AS now
FROM pgdue.jobs
WHERE id = ANY (@job_ids::text[])
