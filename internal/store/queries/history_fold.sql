-- history_fold: makes one row of the successes of an hour, for each of these jobs, causes and hours, and says of how
-- many rows. Runs that had a failed attempt stay as they are. The row takes the place of the last one, so it stays in
-- its hour and is an earlier or later fold's row like any other.
-- Concurrency: what is deleted is what is counted, in one statement, so no fire time is counted twice or not at all,
-- whoever else folds. One node does it at a time, that they do not wait for each other's rows.
WITH alone AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtext('pgdue.history_fold')) AS yes
), gone AS (
    DELETE FROM pgdue.run_history h
    USING alone, unnest(@job_ids::text[], @causes::text[], @hours::timestamptz[]) AS o(job_id, cause, hour)
    WHERE alone.yes AND h.job_id = o.job_id AND h.cause = o.cause
      AND h.ended_at >= o.hour AND h.ended_at < o.hour + interval '1 hour'
      -- names the partitions
      AND h.ended_at >= @first::timestamptz AND h.ended_at < @last::timestamptz + interval '1 hour'
      AND h.final AND h.outcome = 'succeeded' AND h.attempt = 1
    RETURNING h.job_id, h.run_id, h.cause, h.scheduled_run_time, h.ended_at, h.fire_count, h.first_run_time,
              h.last_run_time,
              h.job_revision, o.hour
), folded AS (
    INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence,
        ended_at,
                                   fire_count, first_run_time, last_run_time, job_revision)
    SELECT job_id, (array_agg(run_id ORDER BY scheduled_run_time, run_id))[1], 1, true, cause, min(scheduled_run_time),
           'succeeded',
           format('%s %s between %s and %s UTC succeeded; history is errors', sum(fire_count),
                  CASE sum(fire_count) WHEN 1 THEN 'run' ELSE 'runs' END,
                  to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),
                  to_char((hour + interval '1 hour') AT TIME ZONE 'UTC', 'HH24:MI')),
           max(ended_at), sum(fire_count), min(first_run_time), max(last_run_time), max(job_revision)
    FROM gone
    GROUP BY job_id, cause, hour
)
SELECT count(*)::int AS rows FROM gone
