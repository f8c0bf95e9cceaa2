-- times_in_order: no run begins before its time, and none ends before it begins.
SELECT job_id, run_id::text, format('attempt %s began at %s, before its time %s', attempt, started_at,
    scheduled_run_time) AS what
FROM (SELECT job_id, run_id, attempt, started_at, scheduled_run_time FROM pgdue.run_history
      UNION ALL
      SELECT job_id, run_id, attempt, started_at, scheduled_run_time FROM pgdue.running_instances) begun
WHERE started_at < scheduled_run_time
UNION ALL
SELECT job_id, run_id::text, format('attempt %s began at %s and ended at %s', attempt, started_at, ended_at)
FROM pgdue.run_history
WHERE ended_at < started_at
UNION ALL
SELECT h.job_id, h.run_id::text, format('attempt %s ended at %s, and the next one began at %s', h.attempt, h.ended_at,
    n.started_at)
FROM pgdue.run_history h
JOIN (SELECT job_id, run_id, attempt, started_at FROM pgdue.run_history
      UNION ALL
      SELECT job_id, run_id, attempt, started_at FROM pgdue.running_instances WHERE state = 'executing') n
  ON n.job_id = h.job_id AND n.run_id = h.run_id AND n.attempt = h.attempt + 1
WHERE n.started_at < h.ended_at
