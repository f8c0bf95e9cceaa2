-- claim_resolve_read: how many of the claim's instances and skips are there; must come in a later statement than the
-- locks.
SELECT (SELECT count(*) FROM pgdue.running_instances r
        JOIN unnest(@begun_job_ids::text[], @begun_run_ids::uuid[]) AS b(job_id, run_id) USING (job_id, run_id)
        WHERE r.node_id = @node_id)
     + (SELECT count(*) FROM pgdue.run_history h
        JOIN unnest(@skipped_job_ids::text[], @skipped_run_ids::uuid[]) AS s(job_id, run_id) USING (job_id, run_id)
        WHERE h.node_id = @node_id) AS found
