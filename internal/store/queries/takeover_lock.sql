-- takeover_lock: locks up to @limit jobs that have instances of a dead node, passing over those that a claim holds.
SELECT n.job_id
FROM pgdue.next_run_times n
WHERE EXISTS (SELECT FROM pgdue.running_instances r WHERE r.job_id = n.job_id AND r.node_id = @id)
ORDER BY n.job_id
LIMIT @limit
FOR UPDATE SKIP LOCKED
