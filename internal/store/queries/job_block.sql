-- job_block: makes a job blocked: never due until a person puts it again.
UPDATE pgdue.next_run_times SET state = 'blocked', error = @error, due_at = NULL WHERE job_id = @job_id
    AND state <> 'blocked'
