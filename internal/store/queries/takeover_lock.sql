-- takeover_lock: locks up to @limit jobs that have instances of a dead node, passing over those that a claim holds.
SELECT n.job_id, n.queue, n.state, n.next_run_time, n.last_run_time, n.due_at, n.error, n.moved, n.zone_rules
FROM pgdue.next_run_times n
WHERE EXISTS (SELECT FROM pgdue.running_instances r WHERE r.job_id = n.job_id AND r.node_id = @id)
ORDER BY n.job_id
LIMIT @limit
FOR UPDATE SKIP LOCKED
