-- event_insert: records what was done to a job. It reads the rows after the change by itself: null where they are gone.
-- Concurrency: must come after the change's statements in its transaction, which holds the job's lock.
INSERT INTO pgdue.job_events (job_id, at, actor, action, reason, before, after)
VALUES (@job_id, @at, @actor, @action, @reason, @before,
        (SELECT to_jsonb(j) || jsonb_build_object('state', n.state, 'next_run_time', n.next_run_time, 'last_run_time',
                n.last_run_time, 'due_at', n.due_at, 'moved', n.moved, 'zone_rules', n.zone_rules)
                || @detail::jsonb
         FROM pgdue.jobs j LEFT JOIN pgdue.next_run_times n ON n.job_id = j.id
         WHERE j.id = @job_id))
