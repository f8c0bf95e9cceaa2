-- attempts_at_most: a run has max_attempts attempts at most.
-- Where max_attempts was edited, the greatest that the job ever had counts.
WITH allowed AS (
    SELECT job_id, max(n) AS most
    FROM (SELECT id AS job_id, max_attempts AS n FROM pgdue.jobs
          UNION ALL
          SELECT job_id, (after ->> 'max_attempts')::int FROM pgdue.job_events
          UNION ALL
          SELECT job_id, (before ->> 'max_attempts')::int FROM pgdue.job_events) every
    GROUP BY job_id
), attempts AS (
    SELECT job_id, run_id, attempt FROM pgdue.run_history
    UNION
    SELECT job_id, run_id, attempt FROM pgdue.running_instances
)
SELECT job_id, run_id::text, format('attempt %s of %s', attempt, most) AS what
FROM attempts JOIN allowed USING (job_id)
WHERE attempt > most
