-- runs: a job's runs, newest first: the running ones (unless @before is given), then those that ended.
SELECT job_id, run_id, running, attempt, final, cause, scheduled_run_time, outcome, reason, sentence, started_at, ended_at,
       node_id, node, error, output, status, fire_count, first_run_time, last_run_time, job_revision
FROM (
    SELECT r.job_id, r.run_id, true AS running, r.attempt, false AS final, r.cause, r.scheduled_run_time, NULL AS outcome, NULL AS reason,
           NULL AS sentence, r.started_at, NULL::timestamptz AS ended_at, r.node_id, n.name AS node, NULL AS error, NULL AS output,
           NULL::int AS status, 1::bigint AS fire_count, r.scheduled_run_time AS first_run_time,
           r.scheduled_run_time AS last_run_time, r.job_revision
    FROM pgdue.running_instances r LEFT JOIN pgdue.nodes n ON n.id = r.node_id
    WHERE r.job_id = @job_id AND @before::timestamptz IS NULL
    UNION ALL
    (SELECT job_id, run_id, false, attempt, final, cause, scheduled_run_time, outcome, reason, sentence, started_at, ended_at,
            node_id, node, error, output, status, fire_count, first_run_time, last_run_time, job_revision
     FROM pgdue.run_history
     WHERE job_id = @job_id AND ended_at < coalesce(@before, 'infinity')
     ORDER BY ended_at DESC, run_id, attempt
     LIMIT @limit)
) r
ORDER BY ended_at DESC NULLS FIRST, CASE WHEN running THEN started_at END DESC, run_id, attempt
LIMIT @limit
