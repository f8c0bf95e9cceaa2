-- claim_advance: writes what was decided of locked jobs: state, next run time, when to look again.
-- Concurrency: the caller holds their locks.
UPDATE pgdue.next_run_times n
SET state = d.state, next_run_time = d.next_run_time, last_run_time = d.last_run_time, due_at = d.due_at,
    error = d.error, moved = d.moved, zone_rules = d.zone_rules
FROM unnest(@job_ids::text[], @states::text[], @next_run_times::timestamptz[], @last_run_times::timestamptz[],
            @due_ats::timestamptz[], @errors::text[], @moveds::boolean[],
            @zone_rules::bigint[])
     AS d(job_id, state, next_run_time, last_run_time, due_at, error, moved, zone_rules)
WHERE n.job_id = d.job_id
