-- retry_lock: locks the jobs of attempts that may be followed by another, in the order of their ids.
SELECT job_id FROM pgdue.next_run_times WHERE job_id = ANY (@job_ids::text[]) ORDER BY job_id FOR UPDATE
