-- alert_watch: of jobs with on_failure what their judgement needs: the latest alert of this job, not of an earlier one
-- of its id; the newest failures that are not told of yet, as many as make an alert, each with whether a success ended
-- between it and the one before; and the newest success. Told of are those before the latest recovery, and while the
-- job is known to fail all that began before the latest alert.
-- Concurrency: a verdict that is to be written needs a second reading, in a later statement than the job's lock: so
-- nobody else writes one beside it.
SELECT j.id AS job_id, j.created_revision, j.updated_at, j.labels, j.on_failure, j.alert_if_no_success_for, n.state,
       pgdue.now() AS now,
       p.held, p.released_at, a.kind, a.at, a.since, a.run_ended_at, s.last_success, f.failures
FROM pgdue.jobs j
JOIN pgdue.next_run_times n ON n.job_id = j.id
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(p.resumed_at IS NULL), false)
           OR EXISTS (SELECT FROM pgdue.settings WHERE paused_at IS NOT NULL) AS held,
           max(p.resumed_at) AS released_at
    FROM pgdue.pauses p
    WHERE p.label_name IS NULL OR j.labels ->> p.label_name = p.label_value
) p
LEFT JOIN LATERAL (
    SELECT kind, at, since, run_ended_at, kind <> 'recovery' AS failing
    FROM pgdue.alerts a
    WHERE a.job_id = j.id AND a.created_revision = j.created_revision
    ORDER BY a.number DESC
    LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT ended_at AS last_success
    FROM (SELECT h.outcome, h.ended_at
          FROM pgdue.run_history h
          WHERE h.job_id = j.id AND h.final AND h.job_revision >= j.created_revision
            AND h.ended_at >= greatest(j.created_at, CASE WHEN a.failing THEN a.run_ended_at END)
          ORDER BY h.ended_at DESC
          LIMIT CASE WHEN a.failing THEN 10000 END) newest -- a job that fails for days has no success to be found
    WHERE outcome = 'succeeded'
    ORDER BY ended_at DESC
    LIMIT 1
) s ON true
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('EndedAt', r.ended_at, 'Error', r.error, 'AfterSuccess',
           EXISTS (SELECT FROM pgdue.run_history h
                   WHERE h.job_id = j.id AND h.final AND h.outcome = 'succeeded' AND h.ended_at > r.before
                       AND h.ended_at < r.ended_at)
           OR j.history = 'errors' -- a row for the successes of an hour
              AND EXISTS (SELECT FROM pgdue.run_history h
                          WHERE h.job_id = j.id AND h.final AND h.outcome = 'succeeded' AND h.fire_count > 1
                            AND h.ended_at >= r.ended_at AND h.ended_at < r.ended_at + interval '2 hours'
                                AND h.first_run_time < r.ended_at)
           ) ORDER BY r.ended_at DESC), '[]') AS failures
    FROM (SELECT newest.ended_at, newest.error, lead(newest.ended_at) OVER (ORDER BY newest.ended_at DESC) AS before
          FROM (SELECT h.ended_at, coalesce(h.error, h.sentence) AS error
                FROM pgdue.run_history h
                WHERE h.job_id = j.id AND h.final AND h.outcome IN ('failed', 'timed_out', 'lost')
                  AND h.job_revision >= j.created_revision
                  AND h.ended_at >= j.created_at
                  AND (a.kind IS NULL OR h.ended_at > CASE WHEN a.failing THEN a.at ELSE a.run_ended_at END)
                  AND (a.failing IS NOT TRUE OR h.started_at > a.at)
                ORDER BY h.ended_at DESC
                LIMIT CASE WHEN jsonb_typeof(j.on_failure -> 'after') = 'number'
                           THEN greatest(least((j.on_failure ->> 'after')::numeric, 1000), 1)::integer
                               ELSE 1 END) newest) r
) f
WHERE j.on_failure IS NOT NULL AND j.id = ANY (@job_ids::text[])
ORDER BY j.id
