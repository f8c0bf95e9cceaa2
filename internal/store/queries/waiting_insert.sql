-- waiting_insert: lets runs wait. The caller holds their jobs' locks.
INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, front, payload, fire_count,
    first_run_time, last_run_time)
SELECT job_id, run_id, scheduled_run_time, cause, created_at, front, payload, fire_count, first_run_time, last_run_time
FROM unnest(@job_ids::text[], @run_ids::uuid[], @scheduled_run_times::timestamptz[], @causes::text[],
    @created_ats::timestamptz[],
            @fronts::boolean[], @payloads::text[], @fire_counts::bigint[], @first_run_times::timestamptz[],
            @last_run_times::timestamptz[])
     AS w(job_id, run_id, scheduled_run_time, cause, created_at, front, payload, fire_count, first_run_time,
     last_run_time)
