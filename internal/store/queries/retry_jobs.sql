-- retry_jobs: which of locked jobs are still those that the attempts were of. Must come after the lock.
SELECT id, created_revision FROM pgdue.jobs WHERE id = ANY (@job_ids::text[])
