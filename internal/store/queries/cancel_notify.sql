-- cancel_notify: tells nodes to look for requests to cancel.
SELECT pg_notify('pgdue', 'cancel:' || node_id) FROM unnest(@node_ids::uuid[]) AS n(node_id)
