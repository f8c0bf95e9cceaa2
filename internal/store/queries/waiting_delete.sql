-- waiting_delete: ends the waiting of runs that begin or that are skipped after all. The caller holds their jobs'
-- locks.
DELETE FROM pgdue.waiting_runs w USING unnest(@job_ids::text[], @run_ids::uuid[]) AS d(job_id, run_id)
WHERE w.job_id = d.job_id AND w.run_id = d.run_id
