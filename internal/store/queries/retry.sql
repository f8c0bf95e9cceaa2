-- retry: records attempts that failed and lets their runs wait for the next one; the runs stay counted.
-- Concurrency: the caller holds their jobs' locks. A row that is not there as this node's attempt any more belonged to
-- somebody who lost it: nothing is written of it.
WITH ended AS (
    SELECT * FROM unnest(@job_ids::text[], @run_ids::uuid[], @attempts::int[], @node_ids::uuid[], @nodes::text[],
        @outcomes::text[],
                         @sentences::text[], @errors::text[], @outputs::text[], @statuses::int[],
                         @retry_ins::interval[], @durations::interval[])
         AS e(job_id, run_id, attempt, node_id, node, outcome, sentence, error, output, status, retry_in, duration)
), done AS (
    UPDATE pgdue.running_instances r SET state = 'retrying', node_id = NULL, not_before = pgdue.now() + e.retry_in
    FROM ended e
    WHERE r.job_id = e.job_id AND r.run_id = e.run_id AND r.attempt = e.attempt AND r.node_id = e.node_id
    RETURNING r.job_id, r.run_id, r.attempt, r.cause, r.scheduled_run_time, r.started_at, r.job_revision
)
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, started_at,
                               ended_at, duration, node_id, node, error, output, status, first_run_time, last_run_time,
                               job_revision)
SELECT d.job_id, d.run_id, d.attempt, false, d.cause, d.scheduled_run_time, e.outcome, e.sentence, d.started_at,
       pgdue.now(), e.duration, e.node_id, e.node, e.error, e.output, e.status, d.scheduled_run_time,
       d.scheduled_run_time,
       d.job_revision
FROM done d JOIN ended e ON e.job_id = d.job_id AND e.run_id = d.run_id
