-- claim_retry: begins the next attempts of runs that were between two.
-- Concurrency: the caller holds their jobs' locks.
UPDATE pgdue.running_instances r
SET state = 'executing', trouble = NULL,
    attempt = d.attempt, node_id = @node_id, started_at = d.started_at, deadline = d.deadline,
    not_before = NULL, job_revision = d.job_revision
FROM unnest(@job_ids::text[], @run_ids::uuid[], @attempts::int[], @started_ats::timestamptz[],
    @deadlines::timestamptz[],
            @job_revisions::bigint[]) AS d(job_id, run_id, attempt, started_at, deadline, job_revision)
WHERE r.job_id = d.job_id AND r.run_id = d.run_id AND r.state = 'retrying' AND r.attempt = d.attempt - 1
