-- maintain_forget: deletes events of jobs, and pauses and alerts that are over, once they are past the retention; of
-- each the oldest @limit at most, and says how many. A job's latest alert stays while the job does: it tells what is
-- known of it.
-- Concurrency: rows that are over change no more; two nodes at it delete each row once. Ids grow with time, so the
-- oldest events come first.
WITH past AS MATERIALIZED (
    SELECT pgdue.now() - history_retention AS at FROM pgdue.settings
), events AS (
    DELETE FROM pgdue.job_events e USING past
    WHERE e.id IN (SELECT id FROM pgdue.job_events ORDER BY id LIMIT @limit) AND e.at < past.at
    RETURNING 1
), ended_pauses AS (
    DELETE FROM pgdue.pauses p USING past
    WHERE p.id IN (SELECT o.id FROM pgdue.pauses o, past WHERE o.resumed_at < past.at ORDER BY o.id LIMIT @limit)
    RETURNING 1
), ended_alerts AS (
    DELETE FROM pgdue.alerts a
    WHERE a.id IN (SELECT o.id FROM pgdue.alerts o, past
                   WHERE o.state <> 'pending' AND coalesce(o.ended_at, o.at) < past.at
                     AND (EXISTS (SELECT FROM pgdue.alerts l WHERE l.job_id = o.job_id AND l.number > o.number)
                          OR NOT EXISTS (SELECT FROM pgdue.jobs j WHERE j.id = o.job_id))
                   LIMIT @limit)
    RETURNING 1
)
SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM ended_pauses) + (SELECT count(*)
    FROM ended_alerts) AS deleted
