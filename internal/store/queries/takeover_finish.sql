-- takeover_finish: removes a dead node's row once no instance of it is left.
DELETE FROM pgdue.nodes n
WHERE n.id = @id AND NOT n.alive AND NOT EXISTS (SELECT FROM pgdue.running_instances r WHERE r.node_id = n.id)
