-- alerts: the alerts of a job id, newest first, before the number @before.
SELECT id, number, job_id, created_revision, kind, at, sentence, failures, since, run_ended_at, paused, http, state,
       attempts, next_attempt_at,
       last_error, ended_at
FROM pgdue.alerts
WHERE job_id = @job_id AND (@before::bigint IS NULL OR number < @before)
ORDER BY number DESC
LIMIT @limit
