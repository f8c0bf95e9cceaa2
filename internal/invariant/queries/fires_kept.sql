-- fires_kept: each fire time up to the next run time is somewhere: the spans of a job's rows follow each other without
-- a gap, and count what they span. Judged of jobs that fire at an interval, nothing else said, whose trigger was never
-- changed, whose next run time nobody has moved by a command, and none of whose successes are folded: from the first
-- interval after the job's anchor to its next run time. Whoever sets next_run_time by hand makes it wrong.
WITH steps AS (
    SELECT j.id AS job_id, j.anchor, j.created_revision, n.next_run_time,
           make_interval(secs => extract(epoch FROM CASE j.trigger ->> 'type' WHEN 'interval'
           THEN (j.trigger ->> 'every')::interval END)::float8) AS every
    FROM pgdue.jobs j JOIN pgdue.next_run_times n ON n.job_id = j.id
    WHERE j.anchor = j.created_at AND j.trigger - 'every' = '{"type": "interval"}' AND j.trigger ->> 'every' !~ 'ns'
      AND NOT EXISTS (SELECT FROM pgdue.job_events e WHERE e.job_id = j.id AND e.action = 'rescheduled')
      AND NOT EXISTS (SELECT FROM pgdue.run_history h WHERE h.job_id = j.id AND h.outcome = 'succeeded'
          AND h.started_at IS NULL)
), spans AS (
    SELECT job_id, run_id, first_run_time AS first, last_run_time AS last, fire_count, job_revision
        FROM pgdue.run_history
    WHERE final AND cause = 'schedule'
    UNION ALL
    SELECT job_id, run_id, scheduled_run_time, scheduled_run_time, 1, job_revision FROM pgdue.running_instances
        WHERE cause = 'schedule'
    UNION ALL
    SELECT job_id, run_id, scheduled_run_time, scheduled_run_time, 1, NULL FROM pgdue.waiting_runs
        WHERE cause = 'schedule'
), own AS (
    SELECT s.job_id, s.run_id, s.first, s.last, s.fire_count, j.every,
           coalesce(lag(s.last) OVER (PARTITION BY s.job_id ORDER BY s.first, s.last), j.anchor) AS before
    FROM spans s JOIN steps j USING (job_id)
    WHERE coalesce(s.job_revision, j.created_revision) >= j.created_revision
)
SELECT job_id, run_id::text, format('%s follows %s, every %s', first, before, every) AS what
FROM own
WHERE first <> before + every
UNION ALL
SELECT job_id, run_id::text, format('%s..%s counts %s, every %s', first, last, fire_count, every)
FROM own
WHERE last <> first + (fire_count - 1) * every
UNION ALL
SELECT j.job_id, NULL, format('its next run time is %s, and all up to %s is decided, every %s', j.next_run_time,
    coalesce(max(o.last), j.anchor), j.every)
FROM steps j LEFT JOIN own o USING (job_id)
GROUP BY j.job_id, j.next_run_time, j.anchor, j.every
HAVING j.next_run_time IS DISTINCT FROM coalesce(max(o.last), j.anchor) + j.every
