-- retry_cancelled: which of these runs somebody asked to cancel while their attempt ended by itself: they get no other
-- one. Must come after the jobs' locks, which a request to cancel takes too.
SELECT r.run_id FROM pgdue.running_instances r
JOIN unnest(@job_ids::text[], @run_ids::uuid[]) AS d(job_id, run_id) ON r.job_id = d.job_id AND r.run_id = d.run_id
WHERE r.cancel_requested_at IS NOT NULL
