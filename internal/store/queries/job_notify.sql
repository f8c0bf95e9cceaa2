-- job_notify: wakes the nodes that serve the queue when the job is due before their next poll. Delivered at commit.
SELECT pg_notify('pgdue', @queue::text)
WHERE @due_at::timestamptz < pgdue.now() + interval '5 seconds'
