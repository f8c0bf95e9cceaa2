-- nothing_executes: no running instance is left that a node was to end.
SELECT job_id, run_id::text, format('attempt %s has been %s since %s', attempt, state, started_at) AS what
FROM pgdue.running_instances
WHERE state = 'executing'
