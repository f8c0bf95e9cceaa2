-- job_schedule_update: writes when a changed job fires next. The caller holds its lock.
UPDATE pgdue.next_run_times
SET queue = @queue, state = @state, next_run_time = @next_run_time, last_run_time = @last_run_time, due_at = @due_at,
    error = @error, moved = @moved, zone_rules = @zone_rules
WHERE job_id = @job_id
