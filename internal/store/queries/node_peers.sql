-- node_peers: the other nodes, and as orphans those whose row is gone though instances of theirs are left.
SELECT id, name, alive, beat, false AS orphan FROM pgdue.nodes WHERE id <> @id
UNION ALL
SELECT DISTINCT r.node_id, r.node_id::text, true, 0, true
FROM pgdue.running_instances r
WHERE r.state = 'executing' AND r.node_id IS NOT NULL AND NOT EXISTS (SELECT FROM pgdue.nodes n WHERE n.id = r.node_id)
