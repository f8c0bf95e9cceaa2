-- why_gone: what is left of a job that is not there: who removed it, its latest record, and instances that outlive it.
SELECT e.at AS removed_at, e.actor AS removed_by, e.reason,
       (SELECT ended_at FROM pgdue.run_history WHERE job_id = @job_id ORDER BY ended_at DESC LIMIT 1) AS last_ended,
       (SELECT count(*) FROM pgdue.running_instances WHERE job_id = @job_id)::int AS running
FROM (SELECT) AS one
LEFT JOIN LATERAL (SELECT at, actor, reason FROM pgdue.job_events
                   WHERE job_id = @job_id AND action = 'removed' ORDER BY id DESC LIMIT 1) e ON true
