-- retry_due: makes locked jobs due when the next attempt of one of their runs may begin.
UPDATE pgdue.next_run_times n SET due_at = least(n.due_at, r.not_before)
FROM (SELECT job_id, min(not_before) AS not_before FROM pgdue.running_instances
      WHERE job_id = ANY (@job_ids::text[]) AND state = 'retrying' GROUP BY job_id) r
WHERE n.job_id = r.job_id AND n.state IN ('active', 'finished')
