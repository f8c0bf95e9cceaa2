-- fires_decided: what a job's row says is decided has rows, and what has rows is decided: last_run_time is the last of
-- them, and the next run time is later. Judged of jobs whose trigger was never changed and that have such rows. Whoever
-- sets next_run_time by hand makes it wrong.
WITH spans AS (
    SELECT job_id, last_run_time AS last, job_revision FROM pgdue.run_history WHERE final AND cause = 'schedule'
    UNION ALL
    SELECT job_id, scheduled_run_time, job_revision FROM pgdue.running_instances WHERE cause = 'schedule'
    UNION ALL
    SELECT job_id, scheduled_run_time, NULL FROM pgdue.waiting_runs WHERE cause = 'schedule'
), decided AS (
    SELECT s.job_id, max(s.last) AS last
    FROM spans s JOIN pgdue.jobs j ON j.id = s.job_id
    WHERE j.anchor = j.created_at AND coalesce(s.job_revision, j.revision) >= j.created_revision
    GROUP BY s.job_id
)
SELECT job_id, NULL AS run_id, format('last_run_time is %s, and the last fire time that has a row is %s',
    coalesce(n.last_run_time::text, 'null'), d.last) AS what
FROM decided d JOIN pgdue.next_run_times n USING (job_id)
WHERE n.last_run_time IS DISTINCT FROM d.last
UNION ALL
SELECT job_id, NULL, format('the next run time is %s, and %s is decided', n.next_run_time, d.last)
FROM decided d JOIN pgdue.next_run_times n USING (job_id)
WHERE n.next_run_time <= d.last
