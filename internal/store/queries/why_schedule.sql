-- why_schedule: when a job fires next.
SELECT job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules FROM pgdue.next_run_times
    WHERE job_id = @job_id
