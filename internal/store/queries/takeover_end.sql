-- takeover_end: ends a dead node's attempts as lost: what is left of locked jobs, and those of jobs that are removed.
-- Concurrency: as complete: what is deleted is what is recorded.
WITH done AS (
    DELETE FROM pgdue.running_instances r
    WHERE r.node_id = @id
      AND (r.job_id = ANY (@job_ids::text[]) OR NOT EXISTS (SELECT FROM pgdue.next_run_times n
          WHERE n.job_id = r.job_id))
    RETURNING r.job_id, r.run_id, r.attempt, r.cause, r.scheduled_run_time, r.started_at, r.job_revision
)
INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, started_at,
                               ended_at, node_id, node, error, first_run_time, last_run_time, job_revision)
SELECT job_id, run_id, attempt, true, cause, scheduled_run_time, 'lost', @sentence, started_at,
       pgdue.now(), @id, @name, @error, scheduled_run_time, scheduled_run_time, job_revision
FROM done
RETURNING job_id, run_id, attempt, scheduled_run_time
