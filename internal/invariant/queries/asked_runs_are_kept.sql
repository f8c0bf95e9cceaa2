-- asked_runs_are_kept: a run that somebody asked for waits, runs, or has a final row.
-- Folded successes have lost the ids of their runs: their jobs are left out.
SELECT e.job_id, e.after ->> 'run_id' AS run_id, format('was asked for at %s and is nowhere', e.at) AS what
FROM pgdue.job_events e
CROSS JOIN LATERAL (SELECT (e.after ->> 'run_id')::uuid AS run_id) a
WHERE e.action = 'run_asked'
  AND NOT EXISTS (SELECT FROM pgdue.waiting_runs w WHERE w.job_id = e.job_id AND w.run_id = a.run_id)
  AND NOT EXISTS (SELECT FROM pgdue.running_instances r WHERE r.job_id = e.job_id AND r.run_id = a.run_id)
  AND NOT EXISTS (SELECT FROM pgdue.run_history h WHERE h.job_id = e.job_id AND h.run_id = a.run_id AND h.final)
  AND NOT EXISTS (SELECT FROM pgdue.run_history h WHERE h.job_id = e.job_id AND h.outcome = 'succeeded'
      AND h.started_at IS NULL)
