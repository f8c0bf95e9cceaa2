-- events: what was done to a job, newest first, also where it is removed by now: up to @limit, and no more once they
-- have @bytes. Each says whether there are more behind it.
SELECT id, job_id, at, actor, action, reason, before, after, more
FROM (
    SELECT id, job_id, at, actor, action, reason, before, after, lead(id) OVER newest IS NOT NULL AS more,
           sum(bytes) OVER newest - bytes AS above
    FROM (
        SELECT id, job_id, at, actor, action, reason, before, after, bytes
        FROM pgdue.job_events
        WHERE job_id = @job_id AND (@before::bigint = 0 OR id < @before)
        ORDER BY id DESC
        LIMIT @limit::bigint + 1
    ) e
    WINDOW newest AS (ORDER BY id DESC)
) page
WHERE above < @bytes::bigint
ORDER BY id DESC
LIMIT @limit
