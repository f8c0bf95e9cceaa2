-- claim_begin: inserts the running instances of the runs that begin.
-- Concurrency: the caller holds their jobs' locks.
INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, node_id, started_at, deadline,
    job_revision,
                                     payload, fire_count, first_run_time, last_run_time)
SELECT job_id, run_id, scheduled_run_time, cause, attempt, @node_id, started_at, deadline, job_revision,
       payload, fire_count, first_run_time, last_run_time
FROM unnest(@job_ids::text[], @run_ids::uuid[], @scheduled_run_times::timestamptz[], @causes::text[], @attempts::int[],
            @started_ats::timestamptz[], @deadlines::timestamptz[], @job_revisions::bigint[],
            @payloads::text[], @fire_counts::bigint[], @first_run_times::timestamptz[], @last_run_times::timestamptz[])
     AS b(job_id, run_id, scheduled_run_time, cause, attempt, started_at, deadline, job_revision,
          payload, fire_count, first_run_time, last_run_time)
