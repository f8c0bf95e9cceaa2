-- job_schedule_insert: writes when a job fires first, that is new or has lost its row.
INSERT INTO pgdue.next_run_times (job_id, queue, state, next_run_time, last_run_time, due_at, error, moved, zone_rules)
VALUES (@job_id, @queue, @state, @next_run_time, @last_run_time, @due_at, @error, @moved, @zone_rules)
