-- waiting_due: makes the jobs due whose instances have ended and that have waiting runs.
-- Concurrency: must come after the commit of complete, in a transaction of its own. It waits for the locks, in the
-- order of the ids. A look that puts the first run into an empty waiting list leaves the job due by itself; one that
-- found runs there had them committed before, so that they are seen here. So no waiting run sleeps beside a free
-- instance.
WITH locked AS MATERIALIZED (
    SELECT n.job_id
    FROM pgdue.next_run_times n
    WHERE n.job_id = ANY (@job_ids::text[]) AND n.state NOT IN ('blocked', 'paused')
      AND EXISTS (SELECT FROM pgdue.waiting_runs w WHERE w.job_id = n.job_id)
    ORDER BY n.job_id
    FOR UPDATE
)
UPDATE pgdue.next_run_times n SET due_at = least(n.due_at, pgdue.now()) FROM locked WHERE n.job_id = locked.job_id
