-- cancel_asked: which attempts of a node somebody asked to cancel.
SELECT run_id, cancel_requested_at, cancel_requested_by, cancel_reason
FROM pgdue.running_instances
WHERE node_id = @node_id AND cancel_requested_at IS NOT NULL
