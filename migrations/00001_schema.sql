-- +goose Up
-- Tables, functions and views of pgdue. Hot rows (next_run_times, running_instances) carry no payload, error or output;
-- the only foreign key is next_run_times → jobs: a child insert takes KEY SHARE on its parent, and SKIP LOCKED would
-- then silently pass over a due job.
CREATE SCHEMA IF NOT EXISTS pgdue;
COMMENT ON SCHEMA pgdue IS
    'pgdue, a persistent scheduler: jobs, when they fire next, what runs, and how every fire time ended';
COMMENT ON TABLE pgdue.goose_db_version IS 'Which migrations were applied, and when; written by goose';

CREATE TABLE pgdue.schema_compatibility (
    migration     bigint PRIMARY KEY,
    oldest_binary bigint NOT NULL CHECK (oldest_binary BETWEEN 1 AND migration)
);
COMMENT ON TABLE pgdue.schema_compatibility IS
    'One row per migration: the oldest binary, named by the newest migration it knows, that may still work with the '
    'schema after it';
COMMENT ON COLUMN pgdue.schema_compatibility.migration IS 'Number of the migration, as in migrations/';
COMMENT ON COLUMN pgdue.schema_compatibility.oldest_binary IS
    'The newest migration known to the oldest binary that may still work with this schema';
INSERT INTO pgdue.schema_compatibility VALUES (1, 1);

-- +goose StatementBegin
-- One SELECT without sub-selects, STABLE: the planner inlines it and keeps index conditions on due_at.
CREATE FUNCTION pgdue.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT statement_timestamp() + COALESCE(NULLIF(current_setting('pgdue.clock_offset', true), ''), '0')::interval
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION pgdue.now() IS
    'The time by which everything in this schema happens: the start of the statement, plus the setting '
    'pgdue.clock_offset, which tests use';

CREATE SEQUENCE pgdue.revisions;
COMMENT ON SEQUENCE pgdue.revisions IS 'Numbers the changes of all jobs';

CREATE TABLE pgdue.jobs (
    id               text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9._:@-]{1,200}$'),
    trigger          jsonb NOT NULL,
    executor         text NOT NULL CHECK (executor ~ '^[a-z]+$'),
    payload          jsonb NOT NULL,
    max_instances    integer NOT NULL DEFAULT 1 CHECK (max_instances >= 1),
    overlap          text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'wait', 'replace')),
    "coalesce"       text NOT NULL DEFAULT 'latest' CHECK ("coalesce" IN ('latest', 'earliest', 'all')),
    max_waiting      integer NOT NULL DEFAULT 100 CHECK (max_waiting >= 1),
    misfire_grace_time interval CHECK (misfire_grace_time > interval '0'),
    timeout          interval CHECK (timeout > interval '0'),
    kill_grace       interval CHECK (kill_grace > interval '0'),
    on_contact_lost  text NOT NULL DEFAULT 'continue' CHECK (on_contact_lost IN ('continue', 'stop')),
    max_attempts     integer NOT NULL DEFAULT 1 CHECK (max_attempts >= 1),
    retry_min        interval CHECK (retry_min >= interval '0'),
    retry_max        interval CHECK (retry_max >= interval '0'),
    retry_factor     double precision CHECK (retry_factor >= 1 AND retry_factor < 'Infinity'), -- NaN is above all
    retry_on         text[] CHECK (array_ndims(retry_on) = 1 AND array_position(retry_on, NULL) IS NULL),
    history          text NOT NULL DEFAULT 'all' CHECK (history IN ('all', 'errors')),
    on_failure       jsonb CHECK (jsonb_typeof(on_failure) = 'object'),
    alert_if_no_success_for interval CHECK (alert_if_no_success_for > interval '0'),
    labels           jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(labels) = 'object'),
    anchor           timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    revision         bigint NOT NULL,
    created_revision bigint NOT NULL,
    paused_at        timestamptz,
    paused_by        text,
    paused_reason    text,
    -- What has no place in a program would hide the row, and those that are read with it. These are the years that JSON
    -- has, and the longest duration of Go.
    CONSTRAINT times_are_in_range CHECK (anchor BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND created_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND updated_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND paused_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    CONSTRAINT durations_are_in_range CHECK (greatest(misfire_grace_time, timeout, kill_grace, retry_min, retry_max,
                                                alert_if_no_success_for) <= interval '106751 days 23:47:16.854775')
);
-- Housekeeping folds the successes of these jobs.
CREATE INDEX jobs_history_errors ON pgdue.jobs (id) WHERE history = 'errors';
COMMENT ON INDEX pgdue.jobs_history_errors IS
    'The jobs whose successes are folded, an hour into one row of run_history';
COMMENT ON TABLE pgdue.jobs IS 'What each job is: cold, written by people only. When it fires is in next_run_times';
COMMENT ON COLUMN pgdue.jobs.id IS 'Chosen by the user; 1 to 200 of A-Z a-z 0-9 . _ : @ -';
COMMENT ON COLUMN pgdue.jobs.trigger IS 'When the job fires, in the one JSON form';
COMMENT ON COLUMN pgdue.jobs.executor IS
    'The kind of work: exec or http; nodes know which there are, and block a job of any other';
COMMENT ON COLUMN pgdue.jobs.payload IS 'The work, in the form of its executor';
COMMENT ON COLUMN pgdue.jobs.max_instances IS 'How many running instances the job may have, counted by job id';
COMMENT ON COLUMN pgdue.jobs.overlap IS 'What a fire does when max_instances are running';
COMMENT ON COLUMN pgdue.jobs."coalesce" IS 'What several overdue fire times become';
COMMENT ON COLUMN pgdue.jobs.max_waiting IS
    'How many runs may wait: asked for by hand, and fires where overlap is wait';
COMMENT ON COLUMN pgdue.jobs.misfire_grace_time IS
    'How late a run may be when its fire is decided; null is however late';
COMMENT ON COLUMN pgdue.jobs.timeout IS
    'Longest duration of an attempt; null is the executor''s default: http 60 s, others none';
COMMENT ON COLUMN pgdue.jobs.kill_grace IS
    'How long a program that is stopped has between SIGTERM and SIGKILL; null is 3 s';
COMMENT ON COLUMN pgdue.jobs.on_contact_lost IS
    'What becomes of running work when its node cannot reach the database: continue: it goes on, unless its node is '
    'judged dead; stop: it is stopped before another node may begin the next attempt';
COMMENT ON COLUMN pgdue.jobs.max_attempts IS 'How many attempts one run has; a lost attempt counts';
COMMENT ON COLUMN pgdue.jobs.retry_min IS 'Longest wait before the second attempt; null is 1 s';
COMMENT ON COLUMN pgdue.jobs.retry_max IS 'Longest wait before any attempt; null is 5 min';
COMMENT ON COLUMN pgdue.jobs.retry_factor IS 'By how much the wait grows with each attempt; null is 2';
COMMENT ON COLUMN pgdue.jobs.retry_on IS
    'What is tried again: outcomes, exit:CODE, http:STATUS; null is failed, timed_out and lost';
COMMENT ON COLUMN pgdue.jobs.history IS 'all: a row for each run; errors: the successes of an hour become one row';
COMMENT ON COLUMN pgdue.jobs.on_failure IS
    'After how many failures in a row the job is paused, a URL is called, or both; null is never';
COMMENT ON COLUMN pgdue.jobs.alert_if_no_success_for IS
    'How long the job may be without a success before on_failure''s actions are taken; null is however long';
COMMENT ON COLUMN pgdue.jobs.labels IS 'The user''s names and values';
COMMENT ON COLUMN pgdue.jobs.anchor IS
    'The moment from which the trigger counts: the creation, or the last change of the trigger';
COMMENT ON COLUMN pgdue.jobs.created_at IS 'When the job was added';
COMMENT ON COLUMN pgdue.jobs.updated_at IS 'When the job was last changed';
COMMENT ON COLUMN pgdue.jobs.revision IS 'Grows with every change; from one sequence for all jobs';
COMMENT ON COLUMN pgdue.jobs.created_revision IS
    'The revision at creation: tells this job from an earlier one of the same id';
COMMENT ON COLUMN pgdue.jobs.paused_at IS 'Since when the job is paused; null when it is not';
COMMENT ON COLUMN pgdue.jobs.paused_by IS 'Who paused it';
COMMENT ON COLUMN pgdue.jobs.paused_reason IS 'Why it is paused';

CREATE TABLE pgdue.next_run_times (
    job_id        text PRIMARY KEY REFERENCES pgdue.jobs (id),
    queue         text NOT NULL,
    state         text NOT NULL CHECK (state IN ('active', 'paused', 'finished', 'blocked')),
    next_run_time timestamptz,
    last_run_time timestamptz,
    due_at        timestamptz,
    error         text,
    moved         boolean NOT NULL DEFAULT false,
    zone_rules    bigint,
    CONSTRAINT finished_has_no_next_run_time CHECK (state <> 'finished' OR next_run_time IS NULL),
    CONSTRAINT blocked_says_why CHECK ((state = 'blocked') = (error IS NOT NULL)),
    CONSTRAINT blocked_is_not_due CHECK (state <> 'blocked' OR due_at IS NULL),
    -- A row that no node can read would stop the claims of its whole queue, and beyond these years no trigger fires.
    -- "Never" is null.
    CONSTRAINT times_are_in_range CHECK (next_run_time BETWEEN '1970-01-01Z' AND '2200-01-01Z'
                                     AND last_run_time BETWEEN '1970-01-01Z' AND '2200-01-01Z'
                                     AND due_at BETWEEN '1970-01-01Z' AND '2200-02-01Z'),
    CONSTRAINT active_is_due CHECK (state <> 'active' OR due_at IS NOT NULL)
) WITH (fillfactor = 80);
COMMENT ON TABLE pgdue.next_run_times IS
    'When each job fires next: hot and narrow, one row per job, and the job''s lock. Whoever changes a job, or begins '
    'its runs, locks this row first';
COMMENT ON COLUMN pgdue.next_run_times.job_id IS 'The job';
COMMENT ON COLUMN pgdue.next_run_times.queue IS 'Which nodes may claim the job: those that serve this queue';
COMMENT ON COLUMN pgdue.next_run_times.state IS
    'active; paused; finished: will not fire again, its id is free; blocked: see error, a person must act';
COMMENT ON COLUMN pgdue.next_run_times.next_run_time IS 'The next nominal fire time; null when the job is finished';
COMMENT ON COLUMN pgdue.next_run_times.last_run_time IS
    'The last fire time that was decided, of this job or an earlier one of the same id';
COMMENT ON COLUMN pgdue.next_run_times.due_at IS
    'When a claim must next look at this job, for whatever reason: a fire, a removal of a finished job; null is never';
COMMENT ON COLUMN pgdue.next_run_times.error IS 'Why the job is blocked';
COMMENT ON COLUMN pgdue.next_run_times.moved IS
    'Whether somebody moved the next run, or skipped the one before ahead of its time: else it is the first fire time '
    'of the trigger from now on, unless the clock was set back';
COMMENT ON COLUMN pgdue.next_run_times.zone_rules IS
    'Fingerprint of the time zone rules by which the next run was computed, as in nodes; null where it depends on none';
-- The claim's only path: the due jobs of one queue, oldest first. The one secondary index that holds jobs which a claim
-- finds, so that its update writes as little as can be.
CREATE INDEX next_run_times_due ON pgdue.next_run_times (queue, due_at) WHERE due_at IS NOT NULL;
COMMENT ON INDEX pgdue.next_run_times_due IS 'The due jobs of a queue, oldest first: the path of every claim';
CREATE INDEX next_run_times_paused ON pgdue.next_run_times (job_id) WHERE state = 'paused';
COMMENT ON INDEX pgdue.next_run_times_paused IS 'The jobs that are paused by themselves, to be listed and counted';

-- +goose StatementBegin
CREATE FUNCTION pgdue.mend_due_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at := COALESCE(NEW.next_run_time, pgdue.now());
    NEW.moved := NEW.moved OR NEW.next_run_time IS DISTINCT FROM OLD.next_run_time;
    RETURN NEW;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION pgdue.mend_due_at() IS
    'Keeps due_at and moved in step where a person sets next_run_time or state by hand';
-- The condition is false for every write of pgdue itself, which sets due_at whenever it moves the next run time.
CREATE TRIGGER mend_due_at BEFORE UPDATE ON pgdue.next_run_times FOR EACH ROW
    WHEN (NEW.state = 'active' AND (NEW.due_at IS NULL
          OR NEW.next_run_time IS DISTINCT FROM OLD.next_run_time AND NEW.due_at IS NOT DISTINCT FROM OLD.due_at))
    EXECUTE FUNCTION pgdue.mend_due_at();
COMMENT ON TRIGGER mend_due_at ON pgdue.next_run_times IS
    'So that UPDATE ... SET next_run_time = now() by hand fires now';

CREATE TABLE pgdue.nodes (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    alive      boolean NOT NULL DEFAULT true,
    queues     text[] NOT NULL CHECK (array_ndims(queues) = 1 AND array_position(queues, NULL) IS NULL),
    slots      integer NOT NULL DEFAULT 100 CHECK (slots >= 1),
    version    text NOT NULL,
    zone_rules bigint NOT NULL DEFAULT 0,
    tzdata     text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    beat       bigint NOT NULL DEFAULT 0,
    beat_at    timestamptz NOT NULL,
    draining_since timestamptz,
    CONSTRAINT times_are_in_range CHECK (started_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND beat_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND draining_since BETWEEN '1970-01-01Z' AND '9999-12-31Z')
) WITH (fillfactor = 50);
COMMENT ON TABLE pgdue.nodes IS
    'One row per scheduler process. Its row count and its beats are small: renewed every 3 s';
COMMENT ON COLUMN pgdue.nodes.id IS 'Random, new with every start';
COMMENT ON COLUMN pgdue.nodes.name IS 'For people: host:pid/first digits of the id';
COMMENT ON COLUMN pgdue.nodes.alive IS
    'False once another node judged this one dead: it can claim and renew nothing more';
COMMENT ON COLUMN pgdue.nodes.queues IS 'The queues whose jobs this node claims';
COMMENT ON COLUMN pgdue.nodes.slots IS 'How many attempts of one queue the node executes at a time';
COMMENT ON COLUMN pgdue.nodes.version IS 'Version of the program';
COMMENT ON COLUMN pgdue.nodes.zone_rules IS
    'Fingerprint of the time zone rules that the node knows: nodes with equal rules have equal ones';
COMMENT ON COLUMN pgdue.nodes.tzdata IS 'Release of the node''s time zone database, and where it is from; for people';
COMMENT ON COLUMN pgdue.nodes.started_at IS 'When the node registered';
COMMENT ON COLUMN pgdue.nodes.beat IS 'Grows with every renewal; others watch that it moves, and compare no clocks';
COMMENT ON COLUMN pgdue.nodes.beat_at IS 'When the node last renewed, by the database''s clock; for people';
COMMENT ON COLUMN pgdue.nodes.draining_since IS
    'Since when the node claims nothing more, and only waits for its runs to end; null while it claims';

CREATE TABLE pgdue.running_instances (
    job_id              text NOT NULL,
    run_id              uuid NOT NULL,
    scheduled_run_time  timestamptz NOT NULL,
    cause               text NOT NULL CHECK (cause IN ('schedule', 'manual', 'backfill')),
    attempt             integer NOT NULL CHECK (attempt >= 1),
    state               text NOT NULL DEFAULT 'executing' CHECK (state IN ('executing', 'retrying', 'external')),
    node_id             uuid,
    started_at          timestamptz NOT NULL,
    not_before          timestamptz,
    deadline            timestamptz,
    job_revision        bigint NOT NULL,
    cancel_requested_at timestamptz,
    cancel_requested_by text,
    cancel_reason       text,
    trouble             text,
    payload             text,
    fire_count          bigint NOT NULL CHECK (fire_count >= 1),
    first_run_time      timestamptz NOT NULL,
    last_run_time       timestamptz NOT NULL,
    CONSTRAINT times_are_in_range CHECK (scheduled_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND started_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND not_before BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND deadline BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND cancel_requested_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND first_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND last_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    PRIMARY KEY (job_id, run_id)
);
COMMENT ON TABLE pgdue.running_instances IS
    'Runs that have begun and not ended: what is counted against max_instances. No foreign key: instances outlive a '
    'removed or re-added job';
COMMENT ON COLUMN pgdue.running_instances.job_id IS 'The job, by whose id instances are counted';
COMMENT ON COLUMN pgdue.running_instances.run_id IS 'The run; stays equal over attempts';
COMMENT ON COLUMN pgdue.running_instances.scheduled_run_time IS 'The nominal fire time';
COMMENT ON COLUMN pgdue.running_instances.cause IS 'Why the run exists';
COMMENT ON COLUMN pgdue.running_instances.attempt IS 'Number of the attempt, from 1';
COMMENT ON COLUMN pgdue.running_instances.state IS
    'executing on node_id; retrying: waits for not_before; external: held by a worker program';
COMMENT ON COLUMN pgdue.running_instances.node_id IS 'The node that executes the attempt';
COMMENT ON COLUMN pgdue.running_instances.started_at IS 'When the attempt began';
COMMENT ON COLUMN pgdue.running_instances.not_before IS 'When the next attempt may begin';
COMMENT ON COLUMN pgdue.running_instances.deadline IS 'When the attempt''s timeout passes; its node ends it then';
COMMENT ON COLUMN pgdue.running_instances.job_revision IS 'Revision of the definition that the attempt runs';
COMMENT ON COLUMN pgdue.running_instances.cancel_requested_at IS 'When somebody asked to cancel the run';
COMMENT ON COLUMN pgdue.running_instances.cancel_requested_by IS 'Who asked';
COMMENT ON COLUMN pgdue.running_instances.cancel_reason IS 'Why';
COMMENT ON COLUMN pgdue.running_instances.trouble IS
    'What a person must see to while the attempt goes on, as a process of it that cannot be killed; null while there '
    'is nothing';
COMMENT ON COLUMN pgdue.running_instances.payload IS
    'What a manual run was given by who asked for it; null for nearly all, so that the row stays narrow';
COMMENT ON COLUMN pgdue.running_instances.fire_count IS
    'How many fire times the run is told that it stands for, itself included';
COMMENT ON COLUMN pgdue.running_instances.first_run_time IS 'The first of them';
COMMENT ON COLUMN pgdue.running_instances.last_run_time IS 'The last of them';
-- Take-over finds what a dead node left.
CREATE INDEX running_instances_node ON pgdue.running_instances (node_id);
COMMENT ON INDEX pgdue.running_instances_node IS 'What a dead node left: the path of a take-over';

CREATE TABLE pgdue.waiting_runs (
    job_id             text NOT NULL,
    run_id             uuid NOT NULL,
    scheduled_run_time timestamptz NOT NULL,
    cause              text NOT NULL CHECK (cause IN ('schedule', 'manual', 'backfill')),
    created_at         timestamptz NOT NULL,
    front              boolean NOT NULL DEFAULT false,
    payload            text,
    fire_count         bigint NOT NULL CHECK (fire_count >= 1),
    first_run_time     timestamptz NOT NULL,
    last_run_time      timestamptz NOT NULL,
    CONSTRAINT times_are_in_range CHECK (scheduled_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND created_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND first_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND last_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    PRIMARY KEY (job_id, run_id)
);
COMMENT ON TABLE pgdue.waiting_runs IS 'Runs that have not begun and wait for a free instance';
COMMENT ON COLUMN pgdue.waiting_runs.job_id IS 'The job';
COMMENT ON COLUMN pgdue.waiting_runs.run_id IS 'The run';
COMMENT ON COLUMN pgdue.waiting_runs.scheduled_run_time IS 'The nominal fire time';
COMMENT ON COLUMN pgdue.waiting_runs.cause IS 'Why the run exists';
COMMENT ON COLUMN pgdue.waiting_runs.created_at IS 'Since when it waits';
COMMENT ON COLUMN pgdue.waiting_runs.front IS 'Begins before all others: a run that replaces the oldest instance';
COMMENT ON COLUMN pgdue.waiting_runs.payload IS 'What a manual run was given by who asked for it';
COMMENT ON COLUMN pgdue.waiting_runs.fire_count IS 'How many fire times the run stands for, itself included';
COMMENT ON COLUMN pgdue.waiting_runs.first_run_time IS 'The first of them';
COMMENT ON COLUMN pgdue.waiting_runs.last_run_time IS 'The last of them';
-- A look takes the first few of a job's waiting runs, however many there are.
CREATE INDEX waiting_runs_order ON pgdue.waiting_runs (job_id, front DESC, created_at, scheduled_run_time);
COMMENT ON INDEX pgdue.waiting_runs_order IS 'A job''s waiting runs in the order in which they begin';

CREATE TABLE pgdue.run_history (
    job_id             text NOT NULL,
    run_id             uuid NOT NULL,
    attempt            integer NOT NULL,
    final              boolean NOT NULL,
    cause              text NOT NULL,
    scheduled_run_time timestamptz NOT NULL,
    outcome            text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'timed_out', 'cancelled', 'lost',
    'skipped')),
    reason             text CHECK (reason IN ('max_instances', 'max_waiting', 'misfire', 'coalesced', 'catch_up_limit',
                                              'paused', 'rescheduled', 'removed', 'replaced')),
    sentence           text NOT NULL,
    started_at         timestamptz,
    ended_at           timestamptz NOT NULL,
    duration           interval,
    node_id            uuid,
    node               text,
    error              text,
    output             text,
    status             integer,
    fire_count         bigint NOT NULL DEFAULT 1 CHECK (fire_count >= 1),
    first_run_time     timestamptz NOT NULL,
    last_run_time      timestamptz NOT NULL,
    job_revision       bigint NOT NULL,
    CONSTRAINT skipped_has_a_reason CHECK ((outcome = 'skipped') = (reason IS NOT NULL)),
    CONSTRAINT times_are_in_range CHECK (scheduled_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND started_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND ended_at BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND first_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'
                                     AND last_run_time BETWEEN '1970-01-01Z' AND '9999-12-31Z'),
    -- A run is looked up by job and run id.
    PRIMARY KEY (job_id, run_id, attempt, ended_at)
) PARTITION BY RANGE (ended_at);
COMMENT ON TABLE pgdue.run_history IS
    'How every fire time ended: one row per ended attempt or skip, exactly one per run with final. Append-only, one '
    'partition per UTC day';
COMMENT ON COLUMN pgdue.run_history.job_id IS 'The job';
COMMENT ON COLUMN pgdue.run_history.run_id IS 'The run; of a row for many fire times, that of the first';
COMMENT ON COLUMN pgdue.run_history.attempt IS 'Number of the attempt, from 1';
COMMENT ON COLUMN pgdue.run_history.final IS 'Whether this is the run''s end; false when another attempt follows';
COMMENT ON COLUMN pgdue.run_history.cause IS 'Why the run existed: schedule, manual, backfill';
COMMENT ON COLUMN pgdue.run_history.scheduled_run_time IS 'The nominal fire time';
COMMENT ON COLUMN pgdue.run_history.outcome IS 'How it ended';
COMMENT ON COLUMN pgdue.run_history.reason IS 'Why it was skipped';
COMMENT ON COLUMN pgdue.run_history.sentence IS 'The same for a person, with names, times and the remedy';
COMMENT ON COLUMN pgdue.run_history.started_at IS 'When the attempt began; null when it was skipped';
COMMENT ON COLUMN pgdue.run_history.ended_at IS 'When the end or skip was recorded';
COMMENT ON COLUMN pgdue.run_history.duration IS
    'How long the work took by its node''s clock; null where nobody measured it. The time from started_at to ended_at '
    'also counts how long the start and the record took, as while the database was away';
COMMENT ON COLUMN pgdue.run_history.node_id IS 'The node that executed the attempt, or decided the skip';
COMMENT ON COLUMN pgdue.run_history.node IS 'The node''s name';
COMMENT ON COLUMN pgdue.run_history.error IS 'What went wrong, in a line';
COMMENT ON COLUMN pgdue.run_history.output IS 'The tail of what the work printed or answered';
COMMENT ON COLUMN pgdue.run_history.status IS 'Exit code or HTTP status';
COMMENT ON COLUMN pgdue.run_history.fire_count IS 'How many fire times the row stands for';
COMMENT ON COLUMN pgdue.run_history.first_run_time IS 'The first of them';
COMMENT ON COLUMN pgdue.run_history.last_run_time IS 'The last of them';
COMMENT ON COLUMN pgdue.run_history.job_revision IS 'Revision of the definition at the time';
-- A job's latest rows: last outcome, list of runs, recent durations.
CREATE INDEX run_history_latest ON pgdue.run_history (job_id, ended_at);
COMMENT ON INDEX pgdue.run_history_latest IS 'A job''s latest rows';

CREATE TABLE pgdue.run_history_default PARTITION OF pgdue.run_history DEFAULT;
COMMENT ON TABLE pgdue.run_history_default IS
    'Takes rows of days without a partition. Empty while nodes make partitions ahead; make_history_partitions() moves '
    'what is here';

-- The bounds as text come from PostgreSQL itself, with their zone. The names of partitions mean nothing.
CREATE VIEW pgdue.history_partitions AS
SELECT c.oid::regclass AS partition,
       (regexp_match(b.bounds, $$FROM \('([^']+)'\)$$))[1]::timestamptz AS starts_at,
       (regexp_match(b.bounds, $$TO \('([^']+)'\)$$))[1]::timestamptz AS ends_at,
       pg_total_relation_size(c.oid) AS bytes
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bounds) b
WHERE i.inhparent = 'pgdue.run_history'::regclass;
COMMENT ON VIEW pgdue.history_partitions IS
    'The partitions of run_history: each with the first moment of its rows, the moment before which they end, and its '
    'size. The DEFAULT one has neither';
COMMENT ON COLUMN pgdue.history_partitions.partition IS 'The table';
COMMENT ON COLUMN pgdue.history_partitions.starts_at IS
    'The first moment at which its rows ended; null for the DEFAULT one';
COMMENT ON COLUMN pgdue.history_partitions.ends_at IS
    'The moment before which all of them ended; null for the DEFAULT one';
COMMENT ON COLUMN pgdue.history_partitions.bytes IS 'Its size, with its indexes';

-- +goose StatementBegin
-- The functions below run as their owner, and pgdue.now() follows a setting of the session: what the caller may do is
-- asked for by its own name.
CREATE FUNCTION pgdue.require_history_rights() RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    caller name := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
BEGIN
    IF NOT has_table_privilege(caller, 'pgdue.run_history', 'DELETE') THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('%s may not DELETE from pgdue.run_history, so it may not keep its partitions either',
            caller),
            HINT = format('GRANT DELETE ON pgdue.run_history TO %I', caller);
    END IF;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION pgdue.require_history_rights() IS
    'Fails unless the caller may delete from run_history: what the functions that make and drop partitions ask first, '
    'as they run with their owner''s rights';

-- +goose StatementBegin
CREATE FUNCTION pgdue.make_history_partitions(days_ahead integer DEFAULT 14) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog,
pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET lock_timeout = '100ms' AS $$
DECLARE
    today date := pgdue.now()::date;
    day   date;
    name  text;
    moved bigint;
    made  integer := 0;
BEGIN
    PERFORM pgdue.require_history_rights();
    IF days_ahead IS NULL OR days_ahead NOT BETWEEN 0 AND 100 THEN
        RAISE invalid_parameter_value USING MESSAGE = format('days_ahead %s is not within 0 and 100', days_ahead);
    END IF;
    -- One at a time, the dropping of partitions included; who comes second leaves it to the first.
    IF NOT pg_try_advisory_xact_lock(hashtext('pgdue.history_partitions')) THEN
        RETURN 0;
    END IF;
    FOR day IN
        SELECT today + n FROM generate_series(0, days_ahead) AS n
        UNION
        SELECT ended_at::date FROM pgdue.run_history_default WHERE isfinite(ended_at)
        ORDER BY 1
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pgdue.history_partitions p
                              WHERE p.starts_at < (day + 1)::timestamptz AND p.ends_at > day::timestamptz);
        name := 'run_history_' || to_char(day, 'YYYYMMDD');
        IF to_regclass('pgdue.' || name) IS NOT NULL THEN
            RAISE WARNING 'pgdue.% is not a partition of run_history; rename it, so that the rows of % UTC get one',
            name, day;
            CONTINUE;
        END IF;
        -- Attaching needs the default partition alone, and that lock is given up soon: who waits for it behind a long
        -- reader makes all who come later wait too. What the day has left there moves under it.
        LOCK TABLE ONLY pgdue.run_history IN SHARE UPDATE EXCLUSIVE MODE;
        LOCK TABLE pgdue.run_history_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE pgdue.%I (LIKE pgdue.run_history INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format('WITH moved AS (DELETE FROM pgdue.run_history_default '
                       'WHERE ended_at >= %L AND ended_at < %L RETURNING *) '
                       'INSERT INTO pgdue.%I SELECT * FROM moved', -- both have the columns of run_history, in its order
                       day::timestamptz, (day + 1)::timestamptz, name);
        GET DIAGNOSTICS moved = ROW_COUNT;
        EXECUTE format('ALTER TABLE pgdue.run_history ATTACH PARTITION pgdue.%I FOR VALUES FROM (%L) TO (%L)',
                       name, day::timestamptz, (day + 1)::timestamptz);
        EXECUTE format('COMMENT ON TABLE pgdue.%I IS %L', name, 'Rows of run_history that ended on ' || day || ' UTC');
        made := made + 1;
        EXIT WHEN moved > 0; -- the lock is held for as long as this takes: one such day at a time
    END LOOP;
    RETURN made;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION pgdue.make_history_partitions(integer) IS
    'Makes the partitions of run_history that are missing: from today to so many days ahead, and of days that have '
    'rows in run_history_default, which it moves. Returns how many it made; call it again until that is 0, as it '
    'stops after a day whose rows it moved. Waits for a lock for 100 ms at most. For whoever may DELETE from '
    'run_history; it runs with the rights of its owner';

-- +goose StatementBegin
CREATE FUNCTION pgdue.history_days_ahead() RETURNS integer LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' AS $$
    WITH partitions AS MATERIALIZED (
        SELECT starts_at, ends_at FROM pgdue.history_partitions
    )
    SELECT coalesce(min(n), 101) - 1
    FROM generate_series(0, 100) AS n
    WHERE NOT EXISTS (SELECT FROM partitions
                      WHERE starts_at <= (pgdue.now()::date + n)::timestamptz
                          AND ends_at >= (pgdue.now()::date + n + 1)::timestamptz)
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION pgdue.history_days_ahead() IS
    'For how many whole days (UTC) after today run_history has partitions without a gap: 14 when all is well, 100 at '
    'most, -1 when today has none. Fewer than 3: see why make_history_partitions() fails';

SELECT pgdue.make_history_partitions();

CREATE VIEW pgdue.runs AS
SELECT job_id, run_id, 'waiting' AS state, NULL::integer AS attempt, cause, scheduled_run_time, NULL::text AS outcome,
       NULL::text AS reason, NULL::text AS sentence, NULL::timestamptz AS started_at, NULL::timestamptz AS ended_at,
       NULL::interval AS duration, NULL::text AS node, NULL::text AS error, 1::bigint AS fire_count
FROM pgdue.waiting_runs
UNION ALL
SELECT r.job_id, r.run_id, CASE r.state WHEN 'retrying' THEN 'retrying' ELSE 'running' END, r.attempt, r.cause,
       r.scheduled_run_time, NULL, NULL, NULL, r.started_at, NULL,
       NULL, n.name, NULL, 1
FROM pgdue.running_instances r LEFT JOIN pgdue.nodes n ON n.id = r.node_id
UNION ALL
SELECT job_id, run_id, 'ended', attempt, cause, scheduled_run_time, outcome, reason, sentence, started_at, ended_at,
       duration, node, error, fire_count
FROM pgdue.run_history;
COMMENT ON VIEW pgdue.runs IS 'All runs: those that wait, those that run, and those that ended or were skipped';
COMMENT ON COLUMN pgdue.runs.job_id IS 'The job';
COMMENT ON COLUMN pgdue.runs.run_id IS 'The run; stays equal over attempts';
COMMENT ON COLUMN pgdue.runs.state IS
    'waiting; running; retrying: between two attempts; ended: also where it was skipped';
COMMENT ON COLUMN pgdue.runs.attempt IS 'Number of the attempt, from 1; null while it waits';
COMMENT ON COLUMN pgdue.runs.cause IS 'Why the run exists: schedule, manual, backfill';
COMMENT ON COLUMN pgdue.runs.scheduled_run_time IS 'The nominal fire time';
COMMENT ON COLUMN pgdue.runs.outcome IS 'How it ended; null until then';
COMMENT ON COLUMN pgdue.runs.reason IS 'Why it was skipped';
COMMENT ON COLUMN pgdue.runs.sentence IS 'The same for a person; null until it has ended';
COMMENT ON COLUMN pgdue.runs.started_at IS 'When the attempt began; null where none did';
COMMENT ON COLUMN pgdue.runs.ended_at IS 'When the end or skip was recorded; null until then';
COMMENT ON COLUMN pgdue.runs.duration IS 'How long the work took by its node''s clock; null where nobody measured it';
COMMENT ON COLUMN pgdue.runs.node IS 'Name of the node that executes or executed it';
COMMENT ON COLUMN pgdue.runs.error IS 'What went wrong, in a line';
COMMENT ON COLUMN pgdue.runs.fire_count IS 'How many fire times the row stands for';

-- +goose Down
DROP VIEW pgdue.runs;
DROP FUNCTION pgdue.history_days_ahead();
DROP FUNCTION pgdue.make_history_partitions(integer);
DROP FUNCTION pgdue.require_history_rights();
DROP VIEW pgdue.history_partitions;
DROP TABLE pgdue.run_history;
DROP TABLE pgdue.waiting_runs;
DROP TABLE pgdue.running_instances;
DROP TABLE pgdue.nodes;
DROP TABLE pgdue.next_run_times;
DROP FUNCTION pgdue.mend_due_at();
DROP TABLE pgdue.jobs;
DROP SEQUENCE pgdue.revisions;
DROP FUNCTION pgdue.now();
DROP TABLE pgdue.schema_compatibility;
