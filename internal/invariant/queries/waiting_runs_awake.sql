-- waiting_runs_awake: no run waits for longer than a moment while an instance is free and nothing pauses its job. A job
-- that is parked is looked at again after 15 s; one that is awake is due. A clock that is set back by less than 5 s
-- does not matter.
SELECT n.job_id, NULL AS run_id,
       format('a run waits, %s of %s instances are free, and the next look is %s', j.max_instances - r.live,
       j.max_instances,
              coalesce('in ' || (n.due_at - pgdue.now()), 'never')) AS what
FROM pgdue.next_run_times n JOIN pgdue.jobs j ON j.id = n.job_id
CROSS JOIN LATERAL (SELECT count(*) AS live FROM pgdue.running_instances r WHERE r.job_id = n.job_id) r
WHERE n.state IN ('active', 'finished') AND r.live < j.max_instances
  AND NOT EXISTS (SELECT FROM pgdue.lasting_pauses p WHERE p.label_name IS NULL
      OR j.labels ->> p.label_name = p.label_value)
  AND coalesce(n.due_at, 'infinity') > pgdue.now() + interval '5 seconds'
  AND EXISTS (SELECT FROM pgdue.waiting_runs w WHERE w.job_id = n.job_id)
