-- fires_once: each fire time of a job is in one place: a run that waits or runs, or one final row. Judged of jobs whose
-- trigger was never changed: a changed one has fire times of its own, which may fall on others. Rows of an earlier job
-- of the id are left out, and rows of folded successes, which span failures.
WITH spans AS (
    SELECT job_id, run_id, first_run_time AS first, last_run_time AS last, job_revision FROM pgdue.run_history
    WHERE final AND cause = 'schedule' AND NOT (outcome = 'succeeded' AND started_at IS NULL)
    UNION ALL
    SELECT job_id, run_id, scheduled_run_time, scheduled_run_time, job_revision FROM pgdue.running_instances
        WHERE cause = 'schedule'
    UNION ALL
    SELECT job_id, run_id, scheduled_run_time, scheduled_run_time, NULL FROM pgdue.waiting_runs WHERE cause = 'schedule'
), own AS (
    SELECT s.job_id, s.run_id, s.first, s.last,
           max(s.last) OVER (PARTITION BY s.job_id ORDER BY s.first, s.last ROWS BETWEEN UNBOUNDED PRECEDING
           AND 1 PRECEDING) AS before
    FROM spans s JOIN pgdue.jobs j ON j.id = s.job_id
    WHERE j.anchor = j.created_at AND coalesce(s.job_revision, j.revision) >= j.created_revision
)
SELECT job_id, run_id::text, format('%s..%s is decided again: all up to %s was', first, last, before) AS what
FROM own
WHERE first <= before
