-- gauges: what is, of all nodes together, for the metrics: counts of small tables and of jobs that are paused, cut off
-- at a hundred thousand, and when the oldest due job became due, by a step into the claim's index for each queue. While
-- everything is paused none is due; what a label's pause holds is due again when it is to be looked at. Locks nothing.
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
), everything AS (
    SELECT count(*) AS paused FROM pgdue.settings WHERE paused_at IS NOT NULL
)
SELECT (SELECT count(*) FROM instances WHERE state <> 'retrying') AS running,
       (SELECT count(*) FROM instances WHERE state = 'retrying') AS retrying,
       (SELECT count(*) FROM (SELECT FROM pgdue.waiting_runs LIMIT 100000) w) AS waiting,
       CASE (SELECT paused FROM everything)
           WHEN 0 THEN greatest(interval '0', coalesce(pgdue.now() - min(due.due_at), interval '0'))
           ELSE interval '0' END AS oldest_due,
       (SELECT paused FROM everything) AS paused_everything,
       (SELECT count(*) FROM (SELECT FROM pgdue.pauses WHERE resumed_at IS NULL LIMIT 100000) p) AS paused_labels,
       (SELECT count(*) FROM (SELECT FROM pgdue.next_run_times WHERE state = 'paused' LIMIT 100000) j) AS paused_jobs,
       (SELECT count(*) FROM pgdue.nodes WHERE alive) AS nodes,
       pgdue.history_days_ahead()::bigint AS days_ahead
FROM some_queues q
CROSS JOIN LATERAL (
    SELECT n.due_at FROM pgdue.next_run_times n WHERE n.queue = q.queue AND n.due_at IS NOT NULL
        ORDER BY n.due_at LIMIT 1
) due
