-- event_insert: records what was done to a job. It reads the rows after the change by itself: null where they are gone.
-- So that an event is small however large the job is, a value of more than 1 KiB that did not change is left out on
-- both sides, and of one of more than 64 KiB the length is told.
-- Concurrency: must come after the change's statements in its transaction, which holds the job's lock.
WITH rows AS (
    SELECT @before::jsonb AS before,
           (SELECT to_jsonb(j) || jsonb_build_object('state', n.state, 'next_run_time', n.next_run_time,
                'last_run_time', n.last_run_time, 'due_at', n.due_at, 'moved', n.moved,
                 'zone_rules', n.zone_rules)
                || @detail::jsonb
            FROM pgdue.jobs j LEFT JOIN pgdue.next_run_times n ON n.job_id = j.id
            WHERE j.id = @job_id) AS after
), told AS (
    SELECT side, jsonb_object_agg(key, CASE WHEN length > 65536
               THEN to_jsonb(format('left out: %s bytes, MD5 %s', length, md5(value::text))) ELSE value END) AS row
    FROM rows
    CROSS JOIN LATERAL (VALUES ('before', before, after), ('after', after, before)) AS sides(side, own, other)
    CROSS JOIN LATERAL jsonb_each(own) AS columns(key, value)
    CROSS JOIN LATERAL (SELECT octet_length(value::text) AS length) measured
    WHERE length <= 1024 OR other IS NULL OR value IS DISTINCT FROM other -> key
    GROUP BY side
)
INSERT INTO pgdue.job_events (job_id, at, actor, action, reason, before, after, bytes)
SELECT @job_id, @at, @actor, @action, @reason, before.row, after.row,
       coalesce(octet_length(before.row::text), 0) + coalesce(octet_length(after.row::text), 0)
FROM (SELECT) AS one
LEFT JOIN told before ON before.side = 'before'
LEFT JOIN told after ON after.side = 'after'
