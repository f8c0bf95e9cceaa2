-- +goose Up
-- What people do to a running system and are told by it: pauses, changes of jobs, alerts. None of it is on the claim's hot
-- path but the one row of settings and the few rows of pauses.
INSERT INTO pgdue.schema_compatibility VALUES (2, 2);

CREATE TABLE pgdue.settings (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    paused_at         timestamptz CHECK (isfinite(paused_at)),
    paused_by         text,
    paused_reason     text,
    system_identifier bigint,
    database_name     text,
    history_retention interval NOT NULL DEFAULT '30 days' CHECK (history_retention >= interval '1 day')
);
COMMENT ON TABLE pgdue.settings IS 'One row: what holds for all nodes of this database';
COMMENT ON COLUMN pgdue.settings.only_row IS 'Always true: there is one row';
COMMENT ON COLUMN pgdue.settings.paused_at IS 'Since when nothing begins anywhere; null when it is not so';
COMMENT ON COLUMN pgdue.settings.paused_by IS 'Who paused everything';
COMMENT ON COLUMN pgdue.settings.paused_reason IS 'Why';
COMMENT ON COLUMN pgdue.settings.system_identifier IS 'The PostgreSQL cluster that these rows were made for, as in pg_control_system(). In another one they are a restored copy, and nodes start paused';
COMMENT ON COLUMN pgdue.settings.database_name IS 'The database that these rows were made for, likewise';
COMMENT ON COLUMN pgdue.settings.history_retention IS 'How long run_history, job_events, and pauses and alerts that are over are kept; of run_history whole days are dropped';
INSERT INTO pgdue.settings DEFAULT VALUES;

CREATE TABLE pgdue.pauses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label_name  text,
    label_value text,
    paused_at   timestamptz NOT NULL CHECK (isfinite(paused_at)),
    paused_by   text NOT NULL,
    reason      text NOT NULL DEFAULT '',
    resumed_at  timestamptz CHECK (isfinite(resumed_at)),
    resumed_by  text,
    run_missed  boolean NOT NULL DEFAULT false,
    CONSTRAINT label_is_a_pair CHECK ((label_name IS NULL) = (label_value IS NULL)),
    CONSTRAINT of_everything_is_over CHECK (label_name IS NOT NULL OR resumed_at IS NOT NULL)
);
COMMENT ON TABLE pgdue.pauses IS 'Pauses of labels, and those of everything that are over: the one that is on is in settings. A look at a job records its fire times that fell into one. Kept for as long as run_history';
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

CREATE TABLE pgdue.job_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id  text NOT NULL,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL CHECK (action IN ('added', 'changed', 'rescheduled', 'next_skipped', 'paused', 'resumed', 'removed',
                                            'run_asked', 'cancel_asked')),
    reason  text,
    before  jsonb,
    after   jsonb
);
COMMENT ON TABLE pgdue.job_events IS 'What people and programs did to jobs: one row per change, written in its transaction. Append-only. Holds the jobs'' definitions, also what is secret in them (headers, environment)';
COMMENT ON COLUMN pgdue.job_events.id IS 'Grows with time';
COMMENT ON SEQUENCE pgdue.job_events_id_seq IS 'Numbers events';
COMMENT ON COLUMN pgdue.job_events.job_id IS 'The job, also where it is removed by now';
COMMENT ON COLUMN pgdue.job_events.at IS 'When';
COMMENT ON COLUMN pgdue.job_events.actor IS 'Who, as they said; pgdue for what the scheduler did by itself';
COMMENT ON COLUMN pgdue.job_events.action IS 'What was done';
COMMENT ON COLUMN pgdue.job_events.reason IS 'Why, where it was said';
COMMENT ON COLUMN pgdue.job_events.before IS 'Its rows in jobs and next_run_times before; null when it was added';
COMMENT ON COLUMN pgdue.job_events.after IS 'The same after, with the run''s id as run_id where one was asked for, or to be cancelled; null when it was removed';
-- A job's latest events.
CREATE INDEX job_events_latest ON pgdue.job_events (job_id, id);
COMMENT ON INDEX pgdue.job_events_latest IS 'A job''s latest events';

CREATE TABLE pgdue.alerts (
    id              uuid PRIMARY KEY,
    job_id          text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('failure', 'silence', 'recovery')),
    at              timestamptz NOT NULL,
    sentence        text NOT NULL,
    http            jsonb,
    state           text NOT NULL CHECK (state IN ('no_call', 'pending', 'delivered', 'given_up')),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_error      text,
    ended_at        timestamptz,
    CONSTRAINT pending_has_a_time CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL))
);
COMMENT ON TABLE pgdue.alerts IS 'What on_failure and alert_if_no_success_for did: one row per alert, with the call that tells of it';
COMMENT ON COLUMN pgdue.alerts.id IS 'Random; the Idempotency-Key of the call';
COMMENT ON COLUMN pgdue.alerts.job_id IS 'The job';
COMMENT ON COLUMN pgdue.alerts.kind IS 'failure: so many runs in a row failed; silence: no success for too long; recovery: a run succeeded again';
COMMENT ON COLUMN pgdue.alerts.at IS 'When it was found';
COMMENT ON COLUMN pgdue.alerts.sentence IS 'What happened, for a person';
COMMENT ON COLUMN pgdue.alerts.http IS 'The request to send, as the job said then';
COMMENT ON COLUMN pgdue.alerts.state IS 'Whether the call was made: no_call where none was to be';
COMMENT ON COLUMN pgdue.alerts.attempts IS 'How often it was tried';
COMMENT ON COLUMN pgdue.alerts.next_attempt_at IS 'When it is tried next';
COMMENT ON COLUMN pgdue.alerts.last_error IS 'Why the last attempt failed';
COMMENT ON COLUMN pgdue.alerts.ended_at IS 'When it was delivered or given up';
CREATE INDEX alerts_latest ON pgdue.alerts (job_id, at);
COMMENT ON INDEX pgdue.alerts_latest IS 'A job''s latest alerts: whether it is known to fail';
CREATE INDEX alerts_pending ON pgdue.alerts (next_attempt_at) WHERE state = 'pending';
COMMENT ON INDEX pgdue.alerts_pending IS 'Calls that are to be made';

-- +goose StatementBegin
CREATE FUNCTION pgdue.drop_history_partitions(at_most integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET lock_timeout = '100ms' AS $$
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
COMMENT ON FUNCTION pgdue.drop_history_partitions(integer) IS 'Drops the oldest partitions of run_history all of whose rows are older than settings.history_retention: one per call unless more are asked for, so that run_history is locked for a moment only. Returns how many it dropped; call it again until that is 0. Waits for a lock for 100 ms at most. For whoever may DELETE from run_history; it runs with the rights of its owner';

-- +goose Down
DROP FUNCTION pgdue.drop_history_partitions(integer);
DROP TABLE pgdue.alerts;
DROP TABLE pgdue.job_events;
DROP TABLE pgdue.pauses;
DROP TABLE pgdue.settings;
