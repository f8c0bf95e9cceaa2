-- +goose Up
-- What people do to a running system and are told by it: pauses, changes of jobs, alerts. None of it is on the claim's
-- hot path but the one row of settings and the few rows of pauses.
INSERT INTO pgdue.schema_compatibility VALUES (2, 2);

CREATE TABLE pgdue.settings (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    paused_at         timestamptz
        CONSTRAINT times_are_in_range CHECK (paused_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    paused_by         text,
    paused_reason     text,
    system_identifier bigint,
    database_name     text,
    history_retention interval NOT NULL DEFAULT '30 days' CHECK (history_retention BETWEEN interval '1 day'
                                                                            AND interval '100 years')
);
COMMENT ON TABLE pgdue.settings IS 'One row: what holds for all nodes of this database';
COMMENT ON COLUMN pgdue.settings.only_row IS 'Always true: there is one row';
COMMENT ON COLUMN pgdue.settings.paused_at IS 'Since when nothing begins anywhere; null when it is not so';
COMMENT ON COLUMN pgdue.settings.paused_by IS 'Who paused everything';
COMMENT ON COLUMN pgdue.settings.paused_reason IS 'Why';
COMMENT ON COLUMN pgdue.settings.system_identifier IS
    'The PostgreSQL cluster that these rows were made for, as in pg_control_system(). In another one they are a '
    'restored copy, and nodes start paused';
COMMENT ON COLUMN pgdue.settings.database_name IS 'The database that these rows were made for, likewise';
COMMENT ON COLUMN pgdue.settings.history_retention IS
    'How long run_history, job_events, and pauses and alerts that are over are kept; of run_history whole days are '
    'dropped';
INSERT INTO pgdue.settings DEFAULT VALUES;

CREATE TABLE pgdue.pauses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label_name  text,
    label_value text,
    paused_at   timestamptz NOT NULL,
    paused_by   text NOT NULL,
    reason      text NOT NULL DEFAULT '',
    resumed_at  timestamptz,
    resumed_by  text,
    run_missed  boolean NOT NULL DEFAULT false,
    CONSTRAINT times_are_in_range CHECK (paused_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND resumed_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    CONSTRAINT label_is_a_pair CHECK ((label_name IS NULL) = (label_value IS NULL)),
    CONSTRAINT of_everything_is_over CHECK (label_name IS NOT NULL OR resumed_at IS NOT NULL)
);
COMMENT ON TABLE pgdue.pauses IS
    'Pauses of labels, and those of everything that are over: the one that is on is in settings. A look at a job '
    'records its fire times that fell into one. Kept for as long as run_history; whoever writes here holds the row of '
    'settings';
COMMENT ON COLUMN pgdue.pauses.id IS 'Number of the pause';
COMMENT ON SEQUENCE pgdue.pauses_id_seq IS 'Numbers pauses';
COMMENT ON COLUMN pgdue.pauses.label_name IS 'Jobs with this label are paused; null: all jobs were';
COMMENT ON COLUMN pgdue.pauses.label_value IS 'and this value of it';
COMMENT ON COLUMN pgdue.pauses.paused_at IS 'Since when';
COMMENT ON COLUMN pgdue.pauses.paused_by IS 'Who paused';
COMMENT ON COLUMN pgdue.pauses.reason IS 'Why';
COMMENT ON COLUMN pgdue.pauses.resumed_at IS 'Until when; null while it lasts';
COMMENT ON COLUMN pgdue.pauses.resumed_by IS 'Who ended it';
COMMENT ON COLUMN pgdue.pauses.run_missed IS 'Whether a job runs once for the fire times that it missed';
-- A label is paused once at a time.
CREATE UNIQUE INDEX pauses_lasting ON pgdue.pauses (label_name, label_value) WHERE resumed_at IS NULL;
COMMENT ON INDEX pgdue.pauses_lasting IS 'A label is paused once at a time';
-- Each claim asks for those that last and those that ended after its jobs' next run times: mostly none of many.
CREATE INDEX pauses_ended ON pgdue.pauses (resumed_at);
COMMENT ON INDEX pgdue.pauses_ended IS 'Pauses that last, and those that ended late enough to matter to a claim';

CREATE VIEW pgdue.lasting_pauses AS
SELECT what, label_name, label_value, paused_at, paused_by, reason, resume,
       what || to_char(paused_at AT TIME ZONE 'UTC', '" since "YYYY-MM-DD HH24:MI:SS "UTC"') || ' by ' || paused_by
       || CASE reason WHEN '' THEN '' ELSE ': ' || reason END || '; `' || resume || '` ends that' AS sentence
FROM (SELECT 'everything' AS what, NULL AS label_name, NULL AS label_value, paused_at,
    coalesce(paused_by, 'somebody') AS paused_by,
             coalesce(paused_reason, '') AS reason, 'scheduler resume --all' AS resume
      FROM pgdue.settings WHERE paused_at IS NOT NULL
      UNION ALL
      SELECT 'label ' || label_name || '=' || label_value, label_name, label_value, paused_at, paused_by, reason,
             'scheduler resume --label ' || CASE WHEN label_value ~ '^[A-Za-z0-9._/:@=,+%-]*$' THEN label_name || '='
             || label_value
                                                 ELSE $$'$$ || label_name || '=' || replace(label_value, $$'$$,
                                                     $$'\''$$) || $$'$$ END
      FROM pgdue.pauses WHERE resumed_at IS NULL) l;
COMMENT ON VIEW pgdue.lasting_pauses IS
    'What is paused now by a label or with everything, since when, by whom, why, and the command that ends it. Single '
    'jobs that are paused are in job_overview';
COMMENT ON COLUMN pgdue.lasting_pauses.what IS 'What is paused: everything, or label NAME=VALUE';
COMMENT ON COLUMN pgdue.lasting_pauses.label_name IS 'The label; null where everything is paused';
COMMENT ON COLUMN pgdue.lasting_pauses.label_value IS 'and its value';
COMMENT ON COLUMN pgdue.lasting_pauses.paused_at IS 'Since when';
COMMENT ON COLUMN pgdue.lasting_pauses.paused_by IS 'Who paused';
COMMENT ON COLUMN pgdue.lasting_pauses.reason IS 'Why; empty where nobody said';
COMMENT ON COLUMN pgdue.lasting_pauses.resume IS 'The command that ends the pause';
COMMENT ON COLUMN pgdue.lasting_pauses.sentence IS 'All of that for a person';

CREATE VIEW pgdue.job_overview AS
SELECT j.id AS job_id,
       CASE WHEN n.job_id IS NULL THEN 'blocked'
            WHEN n.state = 'active' AND p.paused_with IS NOT NULL THEN 'paused' ELSE n.state END AS state,
       n.next_run_time,
       b.run_time AS last_run_time,
       n.last_run_time AS last_fire_time,
       n.due_at,
       (SELECT count(*) FROM pgdue.running_instances r WHERE r.job_id = j.id)::integer AS running,
       j.max_instances,
       (SELECT count(*) FROM pgdue.waiting_runs w WHERE w.job_id = j.id)::integer AS waiting,
       h.outcome AS last_outcome,
       h.reason AS last_reason,
       h.ended_at AS last_ended_at,
       CASE
           WHEN n.job_id IS NULL THEN 'its row in pgdue.next_run_times was deleted; any edit makes it anew, as '
               || '`scheduler resume ' || j.id || '` does'
           WHEN n.state = 'blocked' THEN 'blocked: ' || n.error || '; correct the job and put it again'
           WHEN n.state = 'paused' THEN 'paused' || coalesce(to_char(j.paused_at AT TIME ZONE 'UTC',
               '" since "YYYY-MM-DD HH24:MI:SS "UTC"'), '')
               || coalesce(' by ' || j.paused_by, '') || coalesce(': ' || j.paused_reason, '')
           WHEN g.goes_on AND p.paused_with IS NOT NULL THEN 'paused with ' || p.sentence
           WHEN g.goes_on AND NOT EXISTS (SELECT FROM pgdue.nodes k WHERE k.alive
               AND k.draining_since IS NULL
               AND k.beat_at > pgdue.now() - interval '15 seconds'
                                                            AND n.queue = ANY (k.queues))
               THEN 'no live node serves the queue ' || n.queue || '; `scheduler why ' || j.id
                   || '` tells how to start one'
           WHEN n.due_at <= pgdue.now() - interval '10 seconds'
               THEN 'due since ' || to_char(n.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
                    || ' and not claimed: `scheduler why ' || j.id || '` tells what is in the way'
       END AS problem,
       CASE n.state WHEN 'active' THEN p.paused_with END AS paused_with,
       CASE n.state WHEN 'active' THEN p.paused_at ELSE j.paused_at END AS paused_at,
       CASE n.state WHEN 'active' THEN p.paused_by ELSE j.paused_by END AS paused_by,
       CASE n.state WHEN 'active' THEN p.reason ELSE j.paused_reason END AS paused_reason
FROM pgdue.jobs j
LEFT JOIN pgdue.next_run_times n ON n.job_id = j.id
CROSS JOIN LATERAL (SELECT n.state <> 'finished' OR EXISTS (SELECT FROM pgdue.waiting_runs w WHERE w.job_id = j.id)
                           OR EXISTS (SELECT FROM pgdue.running_instances r WHERE r.job_id = j.id
                               AND r.state = 'retrying') AS goes_on) g
LEFT JOIN LATERAL (SELECT outcome, reason, ended_at FROM pgdue.run_history h
                   WHERE h.job_id = j.id AND h.final ORDER BY h.ended_at DESC LIMIT 1) h ON true
LEFT JOIN LATERAL (SELECT run_time
                   FROM ((SELECT r.started_at, r.scheduled_run_time AS run_time
                          FROM pgdue.running_instances r
                          WHERE r.job_id = j.id ORDER BY r.started_at DESC LIMIT 1)
                         UNION ALL
                         (SELECT coalesce(e.started_at, e.ended_at), -- a folded row has no start
                                 CASE WHEN e.started_at IS NULL THEN e.last_run_time ELSE e.scheduled_run_time END
                          FROM (SELECT started_at, ended_at, outcome, scheduled_run_time, last_run_time
                                FROM pgdue.run_history WHERE job_id = j.id ORDER BY ended_at DESC LIMIT 100) e
                          WHERE e.started_at IS NOT NULL OR e.outcome = 'succeeded'
                          ORDER BY e.ended_at DESC LIMIT 1)) begun
                   ORDER BY started_at DESC LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT (array_agg(what ORDER BY label_name NULLS FIRST, paused_at))[1] AS paused_with,
                          (array_agg(paused_at ORDER BY label_name NULLS FIRST, paused_at))[1] AS paused_at,
                          (array_agg(paused_by ORDER BY label_name NULLS FIRST, paused_at))[1] AS paused_by,
                          (array_agg(reason ORDER BY label_name NULLS FIRST, paused_at))[1] AS reason,
                          string_agg(sentence, '; and with ' ORDER BY label_name NULLS FIRST, paused_at) AS sentence
                   FROM pgdue.lasting_pauses
                   WHERE label_name IS NULL OR j.labels ->> label_name = label_value) p ON true;
COMMENT ON VIEW pgdue.job_overview IS
    'Each job with its state, next run time, running instances, last outcome, and what keeps it from running';
COMMENT ON COLUMN pgdue.job_overview.job_id IS 'The job';
COMMENT ON COLUMN pgdue.job_overview.state IS
    'As in next_run_times; paused also where a label or everything is, blocked also where that row is gone';
COMMENT ON COLUMN pgdue.job_overview.next_run_time IS 'The next nominal fire time; null when there is none';
COMMENT ON COLUMN pgdue.job_overview.last_run_time IS
    'The run time of the run that began last, also of one that was asked for; null where it is not among the latest '
    '100 records of the job';
COMMENT ON COLUMN pgdue.job_overview.last_fire_time IS
    'The last fire time that was decided: it became a run, or a skip, which may be ahead of its time';
COMMENT ON COLUMN pgdue.job_overview.due_at IS 'When a claim must next look at the job; null is never';
COMMENT ON COLUMN pgdue.job_overview.running IS 'How many running instances it has, retrying ones included';
COMMENT ON COLUMN pgdue.job_overview.max_instances IS 'and how many it may have';
COMMENT ON COLUMN pgdue.job_overview.waiting IS 'How many of its runs wait';
COMMENT ON COLUMN pgdue.job_overview.last_outcome IS 'How its latest run ended, skips included';
COMMENT ON COLUMN pgdue.job_overview.last_reason IS 'Why that was skipped';
COMMENT ON COLUMN pgdue.job_overview.last_ended_at IS 'When that ended';
COMMENT ON COLUMN pgdue.job_overview.problem IS 'What keeps it from running, with the remedy; null when nothing does';
COMMENT ON COLUMN pgdue.job_overview.paused_with IS 'What it is paused with, where that is a label or everything';
COMMENT ON COLUMN pgdue.job_overview.paused_at IS 'Since when it is paused';
COMMENT ON COLUMN pgdue.job_overview.paused_by IS 'Who paused it';
COMMENT ON COLUMN pgdue.job_overview.paused_reason IS 'Why it is paused';

CREATE TABLE pgdue.job_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id  text NOT NULL,
    at      timestamptz NOT NULL CONSTRAINT times_are_in_range CHECK (at BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    actor   text NOT NULL,
    action  text NOT NULL CHECK (action IN ('added', 'changed', 'rescheduled', 'next_skipped', 'paused', 'resumed',
    'removed',
                                            'run_asked', 'cancel_asked')),
    reason  text,
    before  jsonb CHECK (jsonb_typeof(before) = 'object'),
    after   jsonb CHECK (jsonb_typeof(after) = 'object'),
    bytes   integer NOT NULL DEFAULT 0 CHECK (bytes >= 0)
);
COMMENT ON TABLE pgdue.job_events IS
    'What people and programs did to jobs: one row per change, written in its transaction. Append-only. Holds the '
    'jobs'' definitions, with their secrets masked';
COMMENT ON COLUMN pgdue.job_events.id IS 'Grows with time';
COMMENT ON SEQUENCE pgdue.job_events_id_seq IS 'Numbers events';
COMMENT ON COLUMN pgdue.job_events.job_id IS 'The job, also where it is removed by now';
COMMENT ON COLUMN pgdue.job_events.at IS 'When';
COMMENT ON COLUMN pgdue.job_events.actor IS 'Who, as they said; pgdue for what the scheduler did by itself';
COMMENT ON COLUMN pgdue.job_events.action IS 'What was done';
COMMENT ON COLUMN pgdue.job_events.reason IS 'Why, where it was said';
COMMENT ON COLUMN pgdue.job_events.before IS
    'Its rows in jobs and next_run_times before; null when it was added. What is long and did not change is left out, '
    'and of what is very long the length is told';
COMMENT ON COLUMN pgdue.job_events.after IS
    'The same after, with the run''s id as run_id where one was asked for, or to be cancelled; null when it was '
    'removed';
COMMENT ON COLUMN pgdue.job_events.bytes IS 'How long before and after are as texts; readers take so many at a time';
-- A job's latest events.
CREATE INDEX job_events_latest ON pgdue.job_events (job_id, id);
COMMENT ON INDEX pgdue.job_events_latest IS 'A job''s latest events';

CREATE TABLE pgdue.alerts (
    id               uuid PRIMARY KEY,
    number           bigint GENERATED ALWAYS AS IDENTITY,
    job_id           text NOT NULL,
    created_revision bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('failure', 'silence', 'recovery')),
    at               timestamptz NOT NULL,
    sentence         text NOT NULL,
    failures         integer NOT NULL DEFAULT 0,
    since            timestamptz NOT NULL,
    run_ended_at     timestamptz NOT NULL,
    paused           boolean NOT NULL DEFAULT false,
    http             jsonb CHECK (jsonb_typeof(http) = 'object'),
    state            text NOT NULL CHECK (state IN ('no_call', 'pending', 'delivered', 'given_up')),
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,
    last_error       text,
    ended_at         timestamptz,
    CONSTRAINT times_are_in_range CHECK (at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND since BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND run_ended_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND next_attempt_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND ended_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    CONSTRAINT pending_has_a_time CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT a_call_has_a_request CHECK ((state = 'no_call') = (http IS NULL))
);
COMMENT ON TABLE pgdue.alerts IS
    'What on_failure and alert_if_no_success_for did: one row per alert, with the call that tells of it. A job whose '
    'latest row is not a recovery is known to fail';
COMMENT ON COLUMN pgdue.alerts.id IS 'Random; the Idempotency-Key of the call';
COMMENT ON COLUMN pgdue.alerts.number IS 'Grows from alert to alert of a job, whatever the clock does';
COMMENT ON SEQUENCE pgdue.alerts_number_seq IS 'Numbers alerts';
COMMENT ON COLUMN pgdue.alerts.job_id IS 'The job';
COMMENT ON COLUMN pgdue.alerts.created_revision IS
    'The job''s created_revision: a job that is added again under the id begins without alerts';
COMMENT ON COLUMN pgdue.alerts.kind IS
    'failure: so many runs in a row failed; silence: no success for too long; recovery: a run succeeded again';
COMMENT ON COLUMN pgdue.alerts.at IS 'When it was found';
COMMENT ON COLUMN pgdue.alerts.sentence IS 'What happened, for a person';
COMMENT ON COLUMN pgdue.alerts.failures IS 'failure: how many runs in a row it counted';
COMMENT ON COLUMN pgdue.alerts.since IS
    'failure: when the first of them ended; silence: the last success, or the job''s last change; recovery: since '
    'when the job was known to fail';
COMMENT ON COLUMN pgdue.alerts.run_ended_at IS
    'When the last run ended that it counted; a success after it is the recovery';
COMMENT ON COLUMN pgdue.alerts.paused IS 'Whether it paused the job';
COMMENT ON COLUMN pgdue.alerts.http IS 'The request to send, as the job said then; null where none is to be sent';
COMMENT ON COLUMN pgdue.alerts.state IS 'Whether the call was made: no_call where none was to be';
COMMENT ON COLUMN pgdue.alerts.attempts IS 'How often it was tried';
COMMENT ON COLUMN pgdue.alerts.next_attempt_at IS 'When it is tried next, also while an attempt is in progress';
COMMENT ON COLUMN pgdue.alerts.last_error IS 'Why the last attempt failed';
COMMENT ON COLUMN pgdue.alerts.ended_at IS 'When it was delivered or given up';
CREATE INDEX alerts_latest ON pgdue.alerts (job_id, number);
COMMENT ON INDEX pgdue.alerts_latest IS 'A job''s latest alerts: whether it is known to fail';
CREATE INDEX alerts_pending ON pgdue.alerts (next_attempt_at) WHERE state = 'pending';
COMMENT ON INDEX pgdue.alerts_pending IS 'Calls that are to be made';
-- What a judgement of a job that mostly succeeds reads; costs a success nothing.
CREATE INDEX run_history_failures ON pgdue.run_history (job_id, ended_at) WHERE final
    AND outcome IN ('failed', 'timed_out', 'lost');
COMMENT ON INDEX pgdue.run_history_failures IS 'A job''s latest failures, which on_failure counts';
CREATE INDEX run_history_rescheduled ON pgdue.run_history (job_id, last_run_time) WHERE reason = 'rescheduled';
COMMENT ON INDEX pgdue.run_history_rescheduled IS
    'Fire times that were decided ahead of them, as a person skipped or passed over them';
CREATE INDEX jobs_watched ON pgdue.jobs (id) WHERE on_failure IS NOT NULL;
COMMENT ON INDEX pgdue.jobs_watched IS 'The jobs with on_failure, which every node looks through';

-- +goose StatementBegin
CREATE FUNCTION pgdue.drop_history_partitions(at_most integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog,
pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET lock_timeout = '100ms' AS $$
DECLARE
    old     regclass;
    dropped integer := 0;
BEGIN
    PERFORM pgdue.require_history_rights();
    IF NOT pg_try_advisory_xact_lock(hashtext('pgdue.history_partitions')) THEN
        RETURN 0;
    END IF;
    -- All rows of a partition are older than its end.
    FOR old IN
        SELECT p.partition FROM pgdue.history_partitions p, pgdue.settings s
        WHERE p.ends_at <= pgdue.now() - s.history_retention
        ORDER BY p.ends_at
        LIMIT at_most
    LOOP
        -- This locks run_history itself, for a moment. Behind a long reader it gives up soon, since all completions
        -- would wait behind it.
        EXECUTE format('DROP TABLE %s', old);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION pgdue.drop_history_partitions(integer) IS
    'Drops the oldest partitions of run_history all of whose rows are older than settings.history_retention: one per '
    'call unless more are asked for, so that run_history is locked for a moment only. Returns how many it dropped; '
    'call it again until that is 0. Waits for a lock for 100 ms at most. For whoever may DELETE from run_history; it '
    'runs with the rights of its owner';

-- +goose Down
DROP INDEX pgdue.jobs_watched;
DROP INDEX pgdue.run_history_rescheduled;
DROP INDEX pgdue.run_history_failures;
DROP FUNCTION pgdue.drop_history_partitions(integer);
DROP TABLE pgdue.alerts;
DROP TABLE pgdue.job_events;
DROP VIEW pgdue.job_overview;
DROP VIEW pgdue.lasting_pauses;
DROP TABLE pgdue.pauses;
DROP TABLE pgdue.settings;
