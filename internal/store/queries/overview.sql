-- overview: jobs by id after @after with what stands around them; with @job_id, that one alone.
SELECT j.id, j.trigger, j.executor, j.payload, j.max_instances, j.overlap, j."coalesce" AS coalesce_policy,
       j.max_waiting, j.misfire_grace_time, j.timeout, j.kill_grace, j.on_contact_lost,
       j.max_attempts, j.retry_min, j.retry_max, j.retry_factor, j.retry_on, j.history, j.on_failure,
       j.alert_if_no_success_for,
       j.labels, j.anchor, j.created_at, j.updated_at, j.revision, j.created_revision,
       j.paused_at, j.paused_by, j.paused_reason,
       o.paused_with AS held_with, o.paused_at AS held_at, o.paused_by AS held_by, o.paused_reason AS held_reason,
       coalesce(n.state, o.state) AS state, coalesce(n.queue, j.executor) AS queue, o.next_run_time,
       o.last_fire_time AS last_run_time, o.last_run_time AS last_ran,
       o.due_at, CASE WHEN n.job_id IS NULL THEN o.problem ELSE n.error END AS error, o.running, o.waiting,
       o.last_outcome, o.last_reason, o.last_ended_at,
       o.problem
FROM pgdue.jobs j
LEFT JOIN pgdue.next_run_times n ON n.job_id = j.id
JOIN pgdue.job_overview o ON o.job_id = j.id
WHERE j.id > @after AND (@job_id::text IS NULL OR j.id = @job_id)
ORDER BY j.id
LIMIT @limit
