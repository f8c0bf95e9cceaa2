-- complete_tell: notifies the nodes that serve the queues of jobs that were made due, but for the queues in which the
-- node that ended their instances claims next by itself.
SELECT pg_notify('pgdue', queue) FROM pgdue.next_run_times
WHERE job_id = ANY (@job_ids::text[]) AND due_at <= pgdue.now() AND queue <> ALL (coalesce(@mine::text[], '{}'))
GROUP BY queue
