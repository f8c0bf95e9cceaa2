-- claim_live: the running instances of locked jobs.
-- Concurrency: must come in a later statement than the lock, at READ COMMITTED: then its snapshot holds every instance
-- that an earlier holder of the lock began. Instances that end meanwhile only lower the count.
SELECT r.job_id, r.run_id, r.scheduled_run_time, r.cause, r.attempt, r.job_revision, r.node_id, n.name AS node,
       r.state, r.not_before, r.started_at, r.deadline, r.cancel_requested_at, r.cancel_requested_by, r.cancel_reason,
       r.trouble,
       r.fire_count, r.first_run_time, r.last_run_time,
       CASE r.state WHEN 'retrying' THEN r.payload END AS payload
FROM pgdue.running_instances r
LEFT JOIN pgdue.nodes n ON n.id = r.node_id
WHERE r.job_id = ANY (@job_ids::text[])
