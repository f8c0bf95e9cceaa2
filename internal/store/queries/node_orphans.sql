-- node_orphans: nodes whose row is gone though instances of theirs are left.
-- Concurrency: must come after the commit of node_beat, in a transaction that waits for no lock for long.
SELECT DISTINCT r.node_id AS id, r.node_id::text AS name, true AS alive, 0::bigint AS beat, true AS orphan
FROM pgdue.running_instances r
WHERE r.state = 'executing' AND r.node_id IS NOT NULL AND NOT EXISTS (SELECT FROM pgdue.nodes n WHERE n.id = r.node_id)
