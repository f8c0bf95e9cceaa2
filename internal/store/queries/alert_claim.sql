-- alert_claim: takes up to @limit alerts whose call is due, counts an attempt of each and puts the next one off by
-- @lease, so that nobody else calls meanwhile. Of a job only the oldest alert: none is told of its recovery before its
-- failure.
-- Concurrency: SKIP LOCKED passes over what another node is just taking. If the caller dies, the call is due again
-- after @lease.
WITH due AS MATERIALIZED (
    SELECT a.id
    FROM pgdue.alerts a
    WHERE a.state = 'pending' AND a.next_attempt_at <= pgdue.now()
      AND NOT EXISTS (SELECT FROM pgdue.alerts b WHERE b.job_id = a.job_id AND b.number < a.number
          AND b.state = 'pending')
    ORDER BY a.next_attempt_at
    LIMIT @limit
    FOR UPDATE SKIP LOCKED
)
UPDATE pgdue.alerts a
SET attempts = a.attempts + 1, next_attempt_at = pgdue.now() + @lease::interval
FROM due
WHERE a.id = due.id
RETURNING a.id, a.number, a.job_id, a.created_revision, a.kind, a.at, a.sentence, a.failures, a.since, a.run_ended_at,
          a.paused, a.http, a.state,
          a.attempts, a.next_attempt_at, a.last_error, a.ended_at
