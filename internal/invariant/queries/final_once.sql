-- final_once: a run has one final row at most.
SELECT job_id, run_id::text, format('has %s final rows: %s', count(*),
    string_agg(concat_ws(' ', outcome, reason), ', ' ORDER BY ended_at)) AS what
FROM pgdue.run_history
WHERE final
GROUP BY job_id, run_id
HAVING count(*) > 1
