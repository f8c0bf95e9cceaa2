-- instances_at_most: a job has max_instances running instances at most. An edit may lower max_instances below what
-- runs. Then nothing begins, so it is judged where a run has begun since: one whose first attempt has the job's present
-- revision.
SELECT j.id AS job_id, NULL AS run_id, format('%s instances, max_instances %s', count(*), j.max_instances) AS what
FROM pgdue.jobs j JOIN pgdue.running_instances r ON r.job_id = j.id
GROUP BY j.id
HAVING count(*) > j.max_instances AND bool_or(r.attempt = 1 AND r.job_revision = j.revision)
