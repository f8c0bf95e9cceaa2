-- history_fold_hours: which hours of these jobs have several rows to fold, and how many. An hour is over five minutes
-- after its end, so that nearly all rows of its runs have come; a later one is folded the next time. What is older than
-- two days stays as it is.
SELECT h.job_id, h.cause, date_trunc('hour', h.ended_at, 'UTC') AS hour, count(*)::int AS rows
FROM pgdue.run_history h
WHERE h.job_id = ANY (@job_ids::text[]) AND h.final AND h.outcome = 'succeeded' AND h.attempt = 1
  AND h.ended_at >= date_trunc('hour', pgdue.now() - interval '2 days', 'UTC')
  AND h.ended_at < date_trunc('hour', pgdue.now() - interval '5 minutes', 'UTC')
GROUP BY h.job_id, h.cause, hour
HAVING count(*) > 1
ORDER BY hour, h.job_id, h.cause
