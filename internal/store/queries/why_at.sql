-- why_at: the runs with a fire time in [@from, @until), and the skips that stand for such a span, the narrowest first.
-- What was recorded before the fire time is of an earlier one, but for a clock that was set back by an hour, and for
-- what a person skipped or passed over ahead of its time, which has an index of its own.
SELECT run_id FROM (
    (SELECT run_id, last_run_time - first_run_time AS span, ended_at
     FROM pgdue.run_history
     WHERE job_id = @job_id AND first_run_time < @until AND last_run_time >= @from
         AND ended_at > @from::timestamptz - interval '1 hour' AND isfinite(first_run_time) AND isfinite(last_run_time)
     ORDER BY ended_at LIMIT 100)
    UNION ALL
    (SELECT run_id, last_run_time - first_run_time, ended_at
     FROM pgdue.run_history
     WHERE job_id = @job_id AND reason = 'rescheduled' AND first_run_time < @until AND last_run_time >= @from
         AND isfinite(first_run_time) AND isfinite(last_run_time)
     ORDER BY last_run_time LIMIT 100)
    UNION ALL
    SELECT run_id, '0', started_at FROM pgdue.running_instances
    WHERE job_id = @job_id AND scheduled_run_time >= @from AND scheduled_run_time < @until
    UNION ALL
    (SELECT run_id, '0', created_at FROM pgdue.waiting_runs
     WHERE job_id = @job_id AND scheduled_run_time >= @from AND scheduled_run_time < @until
     LIMIT 10)
) r
GROUP BY run_id
ORDER BY min(span), min(ended_at), run_id
LIMIT 3
