-- why_row_free: whether nobody holds a job's row; no row when somebody does. The caller rolls back at once, since a
-- claim would pass over the row meanwhile.
SELECT true AS free FROM pgdue.next_run_times WHERE job_id = @job_id FOR UPDATE SKIP LOCKED
