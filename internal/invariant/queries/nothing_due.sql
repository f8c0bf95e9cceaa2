-- nothing_due: no job has been due for longer than half a second, unless everything is paused or no live node serves
-- its queue.
SELECT n.job_id, NULL AS run_id, format('has been due since %s', n.due_at) AS what
FROM pgdue.next_run_times n
WHERE n.due_at < pgdue.now() - interval '500 milliseconds'
  AND NOT EXISTS (SELECT FROM pgdue.settings WHERE paused_at IS NOT NULL)
  AND EXISTS (SELECT FROM pgdue.nodes k WHERE k.alive AND n.queue = ANY (k.queues))
