-- runs: a job's runs in the order of job.RunPlace, behind a place where @state is given, and of what ended only up to
-- @upto: then nothing that waits or runs, unless the place is there. Without what was printed, which may be much.
SELECT job_id, run_id, state, attempt, final, cause, scheduled_run_time, outcome, reason, sentence, started_at,
       ended_at, duration,
       node_id, node, left(error, 4000) AS error, NULL::text AS output, status, fire_count, first_run_time,
       last_run_time, job_revision,
       not_before, cancel_requested_at, cancel_requested_by, cancel_reason
FROM (
    (SELECT 1 AS part, w.job_id, w.run_id, 'waiting' AS state, 1 AS attempt, false AS final, w.cause,
            w.scheduled_run_time, NULL AS outcome,
            NULL AS reason, NULL AS sentence, NULL::timestamptz AS started_at, NULL::timestamptz AS ended_at,
            NULL::interval AS duration,
            NULL::uuid AS node_id,
            NULL AS node, NULL AS error, NULL::int AS status, w.fire_count, w.first_run_time,
            w.last_run_time,
            0::bigint AS job_revision, NULL::timestamptz AS not_before, NULL::timestamptz AS cancel_requested_at,
            NULL AS cancel_requested_by, NULL AS cancel_reason
     FROM pgdue.waiting_runs w
     WHERE w.job_id = @job_id AND @upto::timestamptz IS NULL
       AND (@state::text IS NULL OR @state = 'waiting' AND (w.scheduled_run_time < @at::timestamptz
            OR w.scheduled_run_time = @at AND w.run_id > @run_id::uuid))
     ORDER BY w.scheduled_run_time DESC, w.run_id
     LIMIT @limit)
    UNION ALL
    (SELECT s.part, r.job_id, r.run_id, s.state, r.attempt,
            false AS final, r.cause, r.scheduled_run_time, NULL AS outcome, NULL AS reason,
            NULL AS sentence, r.started_at, NULL::timestamptz AS ended_at, NULL::interval AS duration, r.node_id,
            n.name AS node, NULL AS error,
            NULL::int AS status, 1::bigint AS fire_count, r.scheduled_run_time AS first_run_time,
            r.scheduled_run_time AS last_run_time, r.job_revision,
            r.not_before, r.cancel_requested_at, r.cancel_requested_by, r.cancel_reason
     FROM pgdue.running_instances r
     CROSS JOIN LATERAL (SELECT CASE r.state WHEN 'retrying' THEN 3 ELSE 2 END AS part,
                                CASE r.state WHEN 'retrying' THEN 'retrying' ELSE 'running' END AS state) s
     LEFT JOIN pgdue.nodes n ON n.id = r.node_id
     WHERE r.job_id = @job_id AND @upto::timestamptz IS NULL
       AND (@state IS NULL OR s.part > CASE @state WHEN 'waiting' THEN 1 WHEN 'running' THEN 2 ELSE 3 END
            OR s.state = @state AND (r.started_at < @at OR r.started_at = @at AND r.run_id > @run_id))
     ORDER BY s.part, r.started_at DESC, r.run_id
     LIMIT @limit)
    UNION ALL
    (SELECT 4, job_id, run_id, 'ended', attempt, final, cause, scheduled_run_time, outcome, reason, sentence,
            started_at, ended_at, duration,
            node_id, node, error, status, fire_count, first_run_time, last_run_time, job_revision, NULL, NULL,
            NULL, NULL
     FROM pgdue.run_history
     WHERE job_id = @job_id AND ended_at <= coalesce(@upto, 'infinity')
       AND (@state IS DISTINCT FROM 'ended' OR ended_at < @at
            OR ended_at = @at AND (scheduled_run_time < @scheduled::timestamptz
                OR scheduled_run_time = @scheduled AND (run_id, attempt) > (@run_id, @attempt::int)))
     ORDER BY ended_at DESC, scheduled_run_time DESC, run_id, attempt
     LIMIT @limit)
) r
ORDER BY part, coalesce(ended_at, started_at, scheduled_run_time) DESC,
         CASE part WHEN 4 THEN scheduled_run_time END DESC, run_id, attempt
LIMIT @limit
