-- events: what was done to a job, newest first, also where it is removed by now.
SELECT id, job_id, at, actor, action, reason, before, after
FROM pgdue.job_events
WHERE job_id = @job_id AND (@before::bigint = 0 OR id < @before)
ORDER BY id DESC
LIMIT @limit
