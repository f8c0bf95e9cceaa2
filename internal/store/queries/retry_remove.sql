-- retry_remove: the runs of a job that are between two attempts.
SELECT run_id FROM pgdue.running_instances WHERE job_id = @job_id AND state = 'retrying'
