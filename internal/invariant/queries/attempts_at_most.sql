-- attempts_at_most: a run has max_attempts attempts at most.
-- An attempt is held to the definition that it began with, or where no event tells that one to the greatest of the job.
WITH definitions AS (
    SELECT job_id, revision, max(n) AS n
    FROM (SELECT id AS job_id, revision, max_attempts AS n FROM pgdue.jobs
          UNION ALL
          SELECT job_id, (d ->> 'revision')::bigint, (d ->> 'max_attempts')::int FROM pgdue.job_events,
              unnest(ARRAY[before, after]) AS d) told
    GROUP BY job_id, revision
), attempts AS (
    SELECT job_id, run_id, attempt, job_revision FROM pgdue.run_history WHERE started_at IS NOT NULL
    UNION
    SELECT job_id, run_id, attempt, job_revision FROM pgdue.running_instances
), judged AS (
    SELECT a.job_id, a.run_id, a.attempt,
           coalesce((SELECT n FROM definitions d WHERE d.job_id = a.job_id AND d.revision = a.job_revision),
                    (SELECT max(n) FROM definitions d WHERE d.job_id = a.job_id)) AS most
    FROM attempts a
    WHERE a.attempt > 1
)
SELECT job_id, run_id::text, format('attempt %s of %s', attempt, most) AS what
FROM judged
WHERE attempt > most
