-- pauses_obeyed: no attempt begins in a pause that covers its job. What is promised is from the pause's commit on,
-- which the rows do not tell, and a claim that the end of a pause meets may begin a run at a time before it: so the
-- first and the last ten seconds of a pause are left out, which is as long as a transaction may wait. Of a label, runs
-- are judged that began with the job's present definition: an edit may give it a label.
WITH begun AS (
    SELECT job_id, run_id, attempt, started_at, job_revision FROM pgdue.run_history
    UNION ALL
    SELECT job_id, run_id, attempt, started_at, job_revision FROM pgdue.running_instances
), pauses AS (
    SELECT NULL AS job_id, label_name, label_value, paused_at, coalesce(resumed_at, 'infinity') AS resumed_at
        FROM pgdue.pauses
    UNION ALL
    SELECT NULL, NULL, NULL, paused_at, 'infinity' FROM pgdue.settings WHERE paused_at IS NOT NULL
    UNION ALL
    SELECT j.id, NULL, NULL, j.paused_at, 'infinity' FROM pgdue.jobs j JOIN pgdue.next_run_times n ON n.job_id = j.id
    WHERE n.state = 'paused' AND j.paused_at IS NOT NULL
)
SELECT b.job_id, b.run_id::text, format('attempt %s began at %s, in the pause of %s from %s to %s', b.attempt,
       b.started_at,
       coalesce('the job ' || p.job_id, 'label ' || p.label_name || '=' || p.label_value, 'everything'), p.paused_at,
       p.resumed_at) AS what
FROM pauses p JOIN begun b ON b.started_at > p.paused_at + interval '10 seconds'
    AND b.started_at < p.resumed_at - interval '10 seconds'
LEFT JOIN pgdue.jobs j ON j.id = b.job_id
WHERE (p.job_id IS NULL OR p.job_id = b.job_id)
  AND (p.label_name IS NULL OR j.labels ->> p.label_name = p.label_value AND j.revision = b.job_revision)
