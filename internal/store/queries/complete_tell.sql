-- complete_tell: notifies the nodes that serve the queues of jobs that were made due, where the node that ended their
-- instances claims nothing any more.
SELECT pg_notify('pgdue', queue) FROM pgdue.next_run_times WHERE job_id = ANY (@job_ids::text[]) AND due_at <= pgdue.now() GROUP BY queue
