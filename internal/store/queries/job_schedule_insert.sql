-- job_schedule_insert: writes when a new job fires first.
INSERT INTO pgdue.next_run_times (job_id, queue, state, next_run_time, last_run_time, due_at, error)
VALUES (@job_id, @queue, @state, @next_run_time, @last_run_time, @due_at, @error)
