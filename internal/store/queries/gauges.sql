-- gauges: what is, of all nodes together, for the metrics: counts of small tables, cut off at a hundred thousand, and
-- when the oldest due job became due, by a step into the claim's index for each queue. Locks nothing.
WITH RECURSIVE queues AS (
    (SELECT queue FROM pgdue.next_run_times WHERE due_at IS NOT NULL ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT n.queue FROM pgdue.next_run_times n WHERE n.due_at IS NOT NULL AND n.queue > q.queue
        ORDER BY n.queue LIMIT 1)
    FROM queues q
    WHERE q.queue IS NOT NULL
), some_queues AS (
    SELECT queue FROM queues WHERE queue IS NOT NULL LIMIT 1000
), instances AS (
    SELECT state FROM pgdue.running_instances LIMIT 100000
)
SELECT (SELECT count(*) FROM instances WHERE state <> 'retrying') AS running,
       (SELECT count(*) FROM instances WHERE state = 'retrying') AS retrying,
       (SELECT count(*) FROM (SELECT FROM pgdue.waiting_runs LIMIT 100000) w) AS waiting,
       greatest(interval '0', coalesce(pgdue.now() - min(due.due_at), interval '0')) AS oldest_due,
       (SELECT count(*) FROM pgdue.nodes WHERE alive) AS nodes,
       pgdue.history_days_ahead()::bigint AS days_ahead
FROM some_queues q
CROSS JOIN LATERAL (
    SELECT n.due_at FROM pgdue.next_run_times n WHERE n.queue = q.queue AND n.due_at IS NOT NULL
        ORDER BY n.due_at LIMIT 1
) due
