-- alert_insert: records an alert; its call, where there is one, is due at once.
-- Concurrency: the caller holds the job's lock, and has read since that the alert is new.
INSERT INTO pgdue.alerts (id, job_id, created_revision, kind, at, sentence, failures, since, run_ended_at, paused,
    http, state, next_attempt_at)
VALUES (@id, @job_id, @created_revision, @kind, @at, @sentence, @failures, @since, @run_ended_at, @paused, @http,
        @state,
        CASE @state WHEN 'pending' THEN pgdue.now() END)
