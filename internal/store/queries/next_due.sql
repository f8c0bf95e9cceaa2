-- next_due: seconds until the earliest due time of the queues; null when nothing is due at any time, and while
-- everything is paused: then nodes poll.
SELECT extract(epoch FROM min(n.due_at) - pgdue.now())::float8 AS seconds
FROM unnest(@queues::text[]) AS q(queue)
CROSS JOIN LATERAL (
    SELECT due_at FROM pgdue.next_run_times WHERE queue = q.queue AND due_at IS NOT NULL ORDER BY due_at LIMIT 1
) n
WHERE NOT EXISTS (SELECT FROM pgdue.settings WHERE paused_at IS NOT NULL)
