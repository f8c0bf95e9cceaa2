-- node_draining: says in a node's row that it claims nothing more, and since when.
UPDATE pgdue.nodes SET draining_since = coalesce(draining_since, pgdue.now()) WHERE id = @id
