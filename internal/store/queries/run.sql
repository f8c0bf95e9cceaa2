-- run: all rows of one run, attempts ascending, one that waits or runs last. Of more than 16 attempts the earlier ones
-- come without what they printed: each may have 64 KiB of it.
SELECT job_id, run_id, 'ended' AS state, attempt, final, cause, scheduled_run_time, outcome, reason, sentence,
       started_at, ended_at, duration,
       node_id, node, left(error, 4000) AS error,
       CASE WHEN row_number() OVER (ORDER BY attempt DESC) <= 16 THEN output END AS output,
       status, fire_count, first_run_time, last_run_time, job_revision,
       NULL::timestamptz AS not_before, NULL::timestamptz AS cancel_requested_at, NULL AS cancel_requested_by,
       NULL AS cancel_reason
FROM pgdue.run_history
WHERE job_id = @job_id AND run_id = @run_id
UNION ALL
SELECT r.job_id, r.run_id, CASE r.state WHEN 'retrying' THEN 'retrying' ELSE 'running' END, r.attempt, false, r.cause,
       r.scheduled_run_time, NULL, NULL, NULL, r.started_at, NULL, NULL,
       r.node_id, n.name, NULL, NULL, NULL, 1, r.scheduled_run_time, r.scheduled_run_time, r.job_revision,
       r.not_before, r.cancel_requested_at, r.cancel_requested_by, r.cancel_reason
FROM pgdue.running_instances r LEFT JOIN pgdue.nodes n ON n.id = r.node_id
WHERE r.job_id = @job_id AND r.run_id = @run_id
UNION ALL
SELECT job_id, run_id, 'waiting', 1, false, cause, scheduled_run_time, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, fire_count, first_run_time, last_run_time, 0,
       NULL, NULL, NULL, NULL
FROM pgdue.waiting_runs
WHERE job_id = @job_id AND run_id = @run_id
ORDER BY attempt, state
