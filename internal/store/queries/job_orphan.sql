-- job_orphan: locks a job, and says whether it has lost its row in next_run_times.
-- Concurrency: pgdue adds and removes both rows together, so a snapshot that has one alone shows an orphan. Whoever had
-- to wait for the lock asks again: meanwhile the row may have been made anew, and while the lock is held it cannot be.
SELECT NOT EXISTS (SELECT FROM pgdue.next_run_times WHERE job_id = @job_id) AS orphan
FROM pgdue.jobs WHERE id = @job_id
FOR UPDATE
