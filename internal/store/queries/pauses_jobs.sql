-- pauses_jobs: up to @limit jobs that are paused by themselves, by id.
SELECT j.id AS job_id, j.paused_at, j.paused_by, j.paused_reason AS reason
FROM pgdue.jobs j
JOIN pgdue.next_run_times n ON n.job_id = j.id
WHERE n.state = 'paused'
ORDER BY j.id
LIMIT @limit
