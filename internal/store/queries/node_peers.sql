-- node_peers: the other nodes. Reads no other table, so that whoever locks one keeps no node from renewing its lease.
SELECT id, name, alive, beat, false AS orphan FROM pgdue.nodes WHERE id <> @id
