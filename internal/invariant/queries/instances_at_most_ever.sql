-- instances_at_most_ever: by the rows' own times, a job never had more than max_instances running instances. A run
-- holds its instance at least from the time of the claim's decision, which is read after the instances, to the
-- statement that ends its last attempt, between attempts too: so where a run begins, no more than max_instances such
-- spans of its job overlap. A run that was cancelled between two attempts is counted up to the end of the first. A run
-- is held to the definition that it began with, or where no event tells that one to the greatest of the job.
WITH definitions AS (
    SELECT job_id, revision, max(n) AS n
    FROM (SELECT id AS job_id, revision, max_instances AS n FROM pgdue.jobs
          UNION ALL
          SELECT job_id, (d ->> 'revision')::bigint, (d ->> 'max_instances')::int FROM pgdue.job_events,
              unnest(ARRAY[before, after]) AS d) told
    GROUP BY job_id, revision
), greatest_ever AS (
    SELECT job_id, max(n) AS n FROM definitions GROUP BY job_id
), attempts AS (
    SELECT job_id, run_id, attempt, job_revision, started_at, ended_at FROM pgdue.run_history
        WHERE started_at IS NOT NULL
    UNION ALL
    SELECT job_id, run_id, attempt, job_revision, started_at, 'infinity' FROM pgdue.running_instances
), spans AS (
    SELECT job_id, run_id, (array_agg(job_revision ORDER BY attempt))[1] AS revision, min(started_at) AS first,
        max(ended_at) AS last
    FROM attempts GROUP BY job_id, run_id
), changes AS (
    SELECT job_id, run_id, revision, first AS at, 1 AS change FROM spans
    UNION ALL
    SELECT job_id, run_id, revision, last, -1 FROM spans
), live AS (
    SELECT job_id, run_id, revision, at, change, sum(change) OVER (PARTITION BY job_id ORDER BY at, change) AS n
        FROM changes
)
SELECT l.job_id, l.run_id::text, format('began at %s as one of %s instances, max_instances %s', l.at, l.n,
    coalesce(d.n, g.n)) AS what
FROM live l JOIN greatest_ever g ON g.job_id = l.job_id LEFT JOIN definitions d ON d.job_id = l.job_id
    AND d.revision = l.revision
WHERE l.change = 1 AND l.n > coalesce(d.n, g.n)
ORDER BY l.at
