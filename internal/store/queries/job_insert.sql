-- job_insert: writes a new job; inserts none when somebody else is just inserting the same id.
INSERT INTO pgdue.jobs (id, trigger, executor, payload, max_instances, overlap, "coalesce", max_waiting,
    misfire_grace_time, timeout, kill_grace, on_contact_lost,
                        max_attempts, retry_min, retry_max, retry_factor, retry_on, history, on_failure,
                        alert_if_no_success_for, labels,
                        anchor, created_at, updated_at, revision, created_revision, paused_at, paused_by, paused_reason)
VALUES (@id, @trigger, @executor, @payload, @max_instances, @overlap, @coalesce_policy, @max_waiting,
        @misfire_grace_time, @timeout, @kill_grace, @on_contact_lost,
        @max_attempts, @retry_min, @retry_max, @retry_factor, @retry_on, @history, @on_failure,
        @alert_if_no_success_for, @labels,
        @anchor, @created_at, @updated_at, @revision, @created_revision, @paused_at, @paused_by, @paused_reason)
ON CONFLICT (id) DO NOTHING
