-- claim_resolve_lock: waits for the locks of the jobs of a claim whose commit is unknown. Once granted, that
-- transaction has ended, whichever way.
SELECT job_id FROM pgdue.next_run_times WHERE job_id = ANY (@job_ids::text[]) ORDER BY job_id FOR UPDATE
