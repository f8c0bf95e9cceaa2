-- complete_removed: records the ends of runs of which nothing is left: no running instance and no record. Somebody has
-- deleted the instance by hand while the work went on.
-- Concurrency: must come after complete in its transaction, in a statement of its own. Whoever ends an attempt deletes
-- its instance and records it in one transaction: complete has waited for that one if it was in progress, and its
-- record is seen here. No attempt can follow, so it is final. A later attempt of the run, executing or ended, leaves
-- this one what it is: stale. So does a row that an hour's successes were folded into since, if it stands for this fire
-- time too: the answer to our commit may have been lost for that long.
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, started_at,
                               ended_at, duration, node_id, node, error, output, status, first_run_time, last_run_time,
                               job_revision)
SELECT job_id, run_id, attempt, true, cause, scheduled_run_time, outcome, sentence || @removed, started_at,
       pgdue.now(), duration, node_id, node, error, output, status, scheduled_run_time, scheduled_run_time, job_revision
FROM unnest(@job_ids::text[], @run_ids::uuid[], @attempts::int[], @node_ids::uuid[], @nodes::text[],
            @finals::bool[], @outcomes::text[], @sentences::text[], @errors::text[], @outputs::text[], @statuses::int[],
            @causes::text[], @scheduled_run_times::timestamptz[], @started_ats::timestamptz[], @job_revisions::bigint[],
            @durations::interval[])
     AS e(job_id, run_id, attempt, node_id, node, final, outcome, sentence, error, output, status,
          cause, scheduled_run_time, started_at, job_revision, duration)
WHERE NOT EXISTS (SELECT FROM pgdue.running_instances r WHERE r.job_id = e.job_id AND r.run_id = e.run_id)
  AND NOT EXISTS (SELECT FROM pgdue.run_history h
                  WHERE h.job_id = e.job_id AND h.run_id = e.run_id AND (h.final OR h.attempt >= e.attempt))
  AND NOT EXISTS (SELECT FROM pgdue.run_history f
                  WHERE f.job_id = e.job_id AND f.cause = e.cause AND f.ended_at >= e.started_at
                    AND f.outcome = 'succeeded'
                    AND f.started_at IS NULL AND e.outcome = 'succeeded' AND e.attempt = 1
                    AND e.scheduled_run_time BETWEEN f.first_run_time AND f.last_run_time)
