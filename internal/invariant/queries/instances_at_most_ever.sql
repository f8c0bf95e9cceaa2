-- instances_at_most_ever: by the rows' own times, a job never had more than max_instances running instances.
-- A run holds its instance at least from the time of the claim's decision, which is read after the instances, to the
-- statement that ends its last attempt, between attempts too: so of one job more than max_instances such spans never
-- overlap. A run that was cancelled between two attempts is counted up to the end of the first. Where max_instances was
-- edited, the greatest that the job ever had counts.
WITH allowed AS (
    SELECT job_id, max(n) AS most
    FROM (SELECT id AS job_id, max_instances AS n FROM pgdue.jobs
          UNION ALL
          SELECT job_id, (after ->> 'max_instances')::int FROM pgdue.job_events
          UNION ALL
          SELECT job_id, (before ->> 'max_instances')::int FROM pgdue.job_events) every
    GROUP BY job_id
), attempts AS (
    SELECT job_id, run_id, started_at, ended_at FROM pgdue.run_history WHERE started_at IS NOT NULL
    UNION ALL
    SELECT job_id, run_id, started_at, 'infinity' FROM pgdue.running_instances
), spans AS (
    SELECT job_id, run_id, min(started_at) AS first, max(ended_at) AS last FROM attempts GROUP BY job_id, run_id
), changes AS (
    SELECT job_id, run_id, first AS at, 1 AS change FROM spans
    UNION ALL
    SELECT job_id, run_id, last, -1 FROM spans
), live AS (
    SELECT job_id, run_id, at, change, sum(change) OVER (PARTITION BY job_id ORDER BY at, change) AS n FROM changes
)
SELECT job_id, run_id::text, format('began at %s as one of %s instances, max_instances %s', at, n, most) AS what
FROM live JOIN allowed USING (job_id)
WHERE change = 1 AND n > most
ORDER BY at
