-- history_insert: appends records that end no running instance: skips.
-- Concurrency: the caller holds their jobs' locks, so that no fire time is recorded twice.
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, reason, sentence,
                               ended_at, node_id, node, fire_count, first_run_time, last_run_time, job_revision)
SELECT job_id, run_id, attempt, true, cause, scheduled_run_time, outcome, reason, sentence,
       pgdue.now(), node_id, node, fire_count, first_run_time, last_run_time, job_revision
FROM unnest(@job_ids::text[], @run_ids::uuid[], @attempts::int[], @causes::text[], @scheduled_run_times::timestamptz[],
            @outcomes::text[], @reasons::text[], @sentences::text[], @node_ids::uuid[], @nodes::text[],
            @fire_counts::bigint[], @first_run_times::timestamptz[], @last_run_times::timestamptz[],
            @job_revisions::bigint[])
     AS h(job_id, run_id, attempt, cause, scheduled_run_time, outcome, reason, sentence, node_id, node,
          fire_count, first_run_time, last_run_time, job_revision)
