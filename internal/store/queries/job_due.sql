-- job_due: makes a locked job due at once, and wakes the nodes that serve its queue. Delivered at commit.
UPDATE pgdue.next_run_times SET due_at = least(due_at, pgdue.now()) WHERE job_id = @job_id
RETURNING pg_notify('pgdue', queue)
