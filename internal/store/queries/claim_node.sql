-- claim_node: holds this node's row until the claim commits; no row means that the node was judged dead.
-- Concurrency: KEY SHARE lets renewals pass and stops only a take-over, which marks the row under FOR UPDATE. Either
-- the mark is seen here, or the take-over comes after this claim's commit and finds its instances.
SELECT true AS alive FROM pgdue.nodes WHERE id = @node_id AND alive FOR KEY SHARE NOWAIT
