-- attempts_in_order: a run's attempts are recorded once each, from 1 on, and none after the final one or beside the one
-- that executes.
WITH runs AS (
    SELECT job_id, run_id, count(*) AS rows, count(DISTINCT attempt) AS attempts, max(attempt) AS last,
        max(attempt) FILTER (WHERE final) AS final
    FROM pgdue.run_history
    GROUP BY job_id, run_id
)
SELECT job_id, run_id::text, format('%s rows of %s attempts up to attempt %s', rows, attempts, last) AS what
FROM runs
WHERE rows <> attempts OR attempts <> last
UNION ALL
SELECT job_id, run_id::text, format('attempt %s is final, and attempt %s has ended too', final, last)
FROM runs
WHERE final < last
UNION ALL
-- An attempt is recorded as it ends: before the second one begins there is a row of the first.
SELECT r.job_id, r.run_id::text, format('attempt %s is %s, and the last that has ended is %s', r.attempt, r.state,
    coalesce(h.last, 0))
FROM pgdue.running_instances r LEFT JOIN runs h USING (job_id, run_id)
WHERE coalesce(h.last, 0) <> CASE r.state WHEN 'retrying' THEN r.attempt ELSE r.attempt - 1 END
