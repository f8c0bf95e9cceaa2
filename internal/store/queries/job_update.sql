-- job_update: writes a job's definition anew. The caller holds its lock.
UPDATE pgdue.jobs
SET trigger = @trigger, executor = @executor, payload = @payload, max_instances = @max_instances, overlap = @overlap,
    "coalesce" = @coalesce_policy, max_waiting = @max_waiting, misfire_grace_time = @misfire_grace_time,
    timeout = @timeout, kill_grace = @kill_grace, on_contact_lost = @on_contact_lost, max_attempts = @max_attempts,
    retry_min = @retry_min, retry_max = @retry_max, retry_factor = @retry_factor, retry_on = @retry_on,
    history = @history,
    on_failure = @on_failure, alert_if_no_success_for = @alert_if_no_success_for, labels = @labels, anchor = @anchor,
    created_at = @created_at, updated_at = @updated_at, revision = @revision, created_revision = @created_revision,
    paused_at = @paused_at, paused_by = @paused_by, paused_reason = @paused_reason
WHERE id = @id
