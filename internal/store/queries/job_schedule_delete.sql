-- job_schedule_delete: removes jobs' next run times. The caller holds their locks.
DELETE FROM pgdue.next_run_times WHERE job_id = ANY (@job_ids::text[])
