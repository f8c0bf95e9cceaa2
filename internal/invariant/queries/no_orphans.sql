-- no_orphans: no row has lost what it belongs to: jobs have their next run times, runs that wait or are to be tried
-- again their job, those that execute their node. Instances that execute outlive a removed job. A node's row is the
-- last that its end, or its take-over, removes.
SELECT j.id AS job_id, NULL AS run_id, 'has no row in next_run_times' AS what
FROM pgdue.jobs j
WHERE NOT EXISTS (SELECT FROM pgdue.next_run_times n WHERE n.job_id = j.id)
UNION ALL
SELECT w.job_id, w.run_id::text, 'waits, and its job is gone'
FROM pgdue.waiting_runs w
WHERE NOT EXISTS (SELECT FROM pgdue.jobs j WHERE j.id = w.job_id)
UNION ALL
SELECT r.job_id, r.run_id::text, 'is to be tried again, and its job is gone'
FROM pgdue.running_instances r
WHERE r.state = 'retrying' AND NOT EXISTS (SELECT FROM pgdue.jobs j WHERE j.id = r.job_id
    AND j.created_revision <= r.job_revision)
UNION ALL
SELECT r.job_id, r.run_id::text, format('is to be tried again at %s, on node %s',
    coalesce(r.not_before::text, 'no time'), coalesce(r.node_id::text, 'none'))
FROM pgdue.running_instances r
WHERE r.state = 'retrying' AND (r.not_before IS NULL OR r.node_id IS NOT NULL)
UNION ALL
SELECT r.job_id, r.run_id::text, format('executes on node %s, which is not there', coalesce(r.node_id::text, 'null'))
FROM pgdue.running_instances r
WHERE r.state = 'executing' AND NOT EXISTS (SELECT FROM pgdue.nodes n WHERE n.id = r.node_id)
