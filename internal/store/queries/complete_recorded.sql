-- complete_recorded: which of these attempts, counted from 1, this node has recorded by now, in this transaction or a
-- commit whose answer it did not get. What a take-over recorded of them has another sentence; what complete_removed
-- did, one that ends with @removed.
SELECT e.n::int FROM unnest(@job_ids::text[], @run_ids::uuid[], @attempts::int[], @node_ids::uuid[], @sentences::text[])
     WITH ORDINALITY AS e(job_id, run_id, attempt, node_id, sentence, n)
WHERE EXISTS (SELECT FROM pgdue.run_history h
              WHERE h.job_id = e.job_id AND h.run_id = e.run_id AND h.attempt = e.attempt AND h.node_id = e.node_id
                AND h.sentence IN (e.sentence, e.sentence || @removed))
