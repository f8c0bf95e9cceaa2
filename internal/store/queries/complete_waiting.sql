-- complete_waiting: whether any of these jobs has waiting runs, so that mostly nothing more is to do.
-- Concurrency: must come after the commit of complete, as complete_wake.
SELECT EXISTS (SELECT FROM pgdue.waiting_runs WHERE job_id = ANY (@job_ids::text[])) AS some
