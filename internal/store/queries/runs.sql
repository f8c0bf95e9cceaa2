-- runs: a job's runs, newest first: those that wait and those that run (unless @before is given), then those that
-- ended.
SELECT job_id, run_id, state, attempt, final, cause, scheduled_run_time, outcome, reason, sentence, started_at,
       ended_at, duration,
       node_id, node, error, output, status, fire_count, first_run_time, last_run_time, job_revision,
       not_before, cancel_requested_at, cancel_requested_by, cancel_reason
FROM (
    (SELECT w.job_id, w.run_id, 'waiting' AS state, 1 AS attempt, false AS final, w.cause, w.scheduled_run_time,
            NULL AS outcome,
            NULL AS reason, NULL AS sentence, NULL::timestamptz AS started_at, NULL::timestamptz AS ended_at,
            NULL::interval AS duration,
            NULL::uuid AS node_id,
            NULL AS node, NULL AS error, NULL AS output, NULL::int AS status, w.fire_count, w.first_run_time,
            w.last_run_time,
            0::bigint AS job_revision, NULL::timestamptz AS not_before, NULL::timestamptz AS cancel_requested_at,
            NULL AS cancel_requested_by, NULL AS cancel_reason
     FROM pgdue.waiting_runs w
     WHERE w.job_id = @job_id AND @before::timestamptz IS NULL
     ORDER BY w.created_at DESC, w.scheduled_run_time DESC
     LIMIT @limit)
    UNION ALL
    SELECT r.job_id, r.run_id, CASE r.state WHEN 'retrying' THEN 'retrying' ELSE 'running' END, r.attempt,
           false AS final, r.cause, r.scheduled_run_time, NULL AS outcome, NULL AS reason,
           NULL AS sentence, r.started_at, NULL::timestamptz AS ended_at, NULL::interval AS duration, r.node_id,
           n.name AS node, NULL AS error,
           NULL AS output,
           NULL::int AS status, 1::bigint AS fire_count, r.scheduled_run_time AS first_run_time,
           r.scheduled_run_time AS last_run_time, r.job_revision,
           r.not_before, r.cancel_requested_at, r.cancel_requested_by, r.cancel_reason
    FROM pgdue.running_instances r LEFT JOIN pgdue.nodes n ON n.id = r.node_id
    WHERE r.job_id = @job_id AND @before::timestamptz IS NULL
    UNION ALL
    (SELECT job_id, run_id, 'ended', attempt, final, cause, scheduled_run_time, outcome, reason, sentence, started_at,
            ended_at, duration,
            node_id, node, error, output, status, fire_count, first_run_time, last_run_time, job_revision, NULL, NULL,
            NULL, NULL
     FROM pgdue.run_history
     WHERE job_id = @job_id AND ended_at < coalesce(@before, 'infinity')
     ORDER BY ended_at DESC, run_id, attempt
     LIMIT @limit)
) r
ORDER BY ended_at DESC NULLS FIRST, state DESC, coalesce(started_at, scheduled_run_time) DESC, run_id, attempt
LIMIT @limit
