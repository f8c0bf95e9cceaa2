-- event_before: a job's rows as they stand before a change, for its event. The caller holds the job's lock, if there
-- is a row to hold.
SELECT to_jsonb(j) || jsonb_build_object('state', n.state, 'next_run_time', n.next_run_time, 'last_run_time',
    n.last_run_time, 'due_at', n.due_at, 'moved', n.moved, 'zone_rules', n.zone_rules)
FROM pgdue.jobs j LEFT JOIN pgdue.next_run_times n ON n.job_id = j.id
WHERE j.id = @job_id
