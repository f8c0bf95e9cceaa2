-- complete_waiting: whether any of these jobs has waiting runs, so that mostly nothing more is to do.
-- In the order of the index, as claim_waiting.
-- Concurrency: must come after the commit of complete, as waiting_due.
SELECT EXISTS (
    SELECT FROM unnest(@job_ids::text[]) AS j(id)
    CROSS JOIN LATERAL (SELECT FROM pgdue.waiting_runs WHERE job_id = j.id ORDER BY front DESC, created_at,
        scheduled_run_time LIMIT 1) w
) AS some
