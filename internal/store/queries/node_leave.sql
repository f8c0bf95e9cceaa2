-- node_leave: removes the row of a node that ends, unless instances of it are left for others to take over.
DELETE FROM pgdue.nodes n
WHERE n.id = @id AND NOT EXISTS (SELECT FROM pgdue.running_instances r WHERE r.node_id = n.id)
