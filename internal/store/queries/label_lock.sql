-- label_lock: locks jobs in the order of their ids.
-- Concurrency: comes after the commit of resume_label. A look that saw the pause still on holds its job's lock until it
-- has parked the job; it is waited for here.
SELECT job_id FROM pgdue.next_run_times WHERE job_id = ANY (@job_ids::text[]) ORDER BY job_id FOR UPDATE
