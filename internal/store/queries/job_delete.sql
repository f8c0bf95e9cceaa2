-- job_delete: removes jobs whose next run times are removed.
DELETE FROM pgdue.jobs WHERE id = ANY (@job_ids::text[])
