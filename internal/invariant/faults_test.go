package invariant_test

// fault is what is done to a healthy database, and the names of all that it breaks, in the order of the alphabet.
type fault struct{ what, done, breaks string }

// begin writes an instance of asked that executes on the node; ended a run of a job that took its last minute; told an
// event with the definition of asked; secondAttempt lets the run of retry fail once more.
const (
	begin = `INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, node_id, started_at, job_revision, fire_count, first_run_time, last_run_time)
		SELECT j.id, gen_random_uuid(), pgdue.now(), 'manual', 1, k.id, pgdue.now(), j.revision, 1, pgdue.now(), pgdue.now() FROM pgdue.jobs j, pgdue.nodes k WHERE j.id = 'asked';`
	columns = `(job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, started_at, ended_at, first_run_time, last_run_time, job_revision)`
	ended   = `INSERT INTO pgdue.run_history ` + columns + `
		SELECT id, gen_random_uuid(), 1, true, 'manual', pgdue.now() - interval '1 minute', 'succeeded', '', pgdue.now() - interval '1 minute', pgdue.now(),
		       pgdue.now() - interval '1 minute', pgdue.now() - interval '1 minute', revision FROM pgdue.jobs `
	told = `DELETE FROM pgdue.job_events WHERE job_id = 'asked' AND action = 'added';
		INSERT INTO pgdue.job_events (job_id, at, actor, action, after) SELECT id, pgdue.now(), '', 'changed', to_jsonb(j) FROM pgdue.jobs j WHERE id = 'asked';`
	secondAttempt = `INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, run_id, 2, false, cause, scheduled_run_time, outcome, sentence, NULL, ended_at,
			first_run_time, last_run_time, job_revision FROM pgdue.run_history WHERE job_id = 'retry';
		UPDATE pgdue.running_instances SET attempt = 2;`
)

var faults = []fault{
	{"a run that ended twice",
		`INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence, started_at,
			ended_at + interval '1 ms', first_run_time, last_run_time, job_revision FROM pgdue.run_history WHERE job_id = 'asked'`,
		"attempts_in_order final_once"},
	{"a run that ended and waits",
		`INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, run_id, 1, true, cause, scheduled_run_time, 'failed', '', NULL, pgdue.now(),
			first_run_time, last_run_time, 1 FROM pgdue.waiting_runs`,
		"ended_runs_are_over"},
	{"a run that runs and waits",
		`INSERT INTO pgdue.waiting_runs (job_id, run_id, scheduled_run_time, cause, created_at, fire_count, first_run_time, last_run_time)
			SELECT job_id, run_id, scheduled_run_time, 'manual', pgdue.now(), 1, pgdue.now(), pgdue.now() FROM pgdue.running_instances;
		DELETE FROM pgdue.run_history WHERE job_id = 'retry';
		UPDATE pgdue.running_instances SET state = 'external'`,
		"ended_runs_are_over waiting_runs_awake"},
	{"a run that ended and is to be tried again",
		`UPDATE pgdue.run_history SET final = true WHERE job_id = 'retry'`,
		"ended_runs_are_over fires_once"},
	{"a run that was asked for and is nowhere",
		`DELETE FROM pgdue.waiting_runs`,
		"asked_runs_are_kept"},

	{"a second attempt without a first",
		`UPDATE pgdue.run_history SET attempt = 2 WHERE job_id = 'retry'; UPDATE pgdue.running_instances SET attempt = 2`,
		"attempts_in_order"},
	{"an attempt after the final one",
		`UPDATE pgdue.run_history SET final = true WHERE job_id = 'retry'; DELETE FROM pgdue.running_instances;
		INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, run_id, 2, false, cause, scheduled_run_time, outcome, sentence, ended_at, pgdue.now(),
			first_run_time, last_run_time, job_revision FROM pgdue.run_history WHERE job_id = 'retry'`,
		"attempts_in_order"},
	{"an attempt that has ended and executes",
		`UPDATE pgdue.running_instances SET state = 'executing', node_id = (SELECT id FROM pgdue.nodes)`,
		"attempts_in_order nothing_executes"},
	{"a fourth attempt of three",
		`INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, run_id, n, false, cause, scheduled_run_time, outcome, sentence, NULL, ended_at,
			first_run_time, last_run_time, job_revision FROM pgdue.run_history, generate_series(2, 4) n WHERE job_id = 'retry';
		UPDATE pgdue.running_instances SET attempt = 4`,
		"attempts_at_most"},
	{"fewer attempts allowed by an edit",
		secondAttempt +
			`UPDATE pgdue.jobs SET max_attempts = 1, revision = nextval('pgdue.revisions') WHERE id = 'retry'`,
		""},
	{"a second attempt although an edit allowed but one",
		`UPDATE pgdue.jobs SET max_attempts = 1, revision = nextval('pgdue.revisions') WHERE id = 'retry';` +
			secondAttempt +
			`UPDATE pgdue.running_instances SET job_revision = (SELECT revision FROM pgdue.jobs WHERE id = 'retry')`,
		"attempts_at_most"},

	{"a fire time inside a span",
		`INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, gen_random_uuid(), 1, true, cause, first_run_time, 'failed', '', NULL, pgdue.now(),
			first_run_time, first_run_time, job_revision FROM pgdue.run_history WHERE fire_count > 1 LIMIT 1`,
		"fires_kept fires_once"},
	{"a fire time of a date twice",
		`INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, gen_random_uuid(), 1, true, cause, scheduled_run_time, 'failed', '', NULL, pgdue.now(),
			first_run_time, last_run_time, job_revision FROM pgdue.running_instances`,
		"fires_once"},
	{"a fire time of an earlier job of the id",
		`INSERT INTO pgdue.run_history ` + columns + ` SELECT job_id, gen_random_uuid(), 1, true, cause, scheduled_run_time, 'failed', '', NULL, pgdue.now(),
			first_run_time, last_run_time, 0 FROM pgdue.running_instances`,
		""},
	{"a run that was lost",
		`DELETE FROM pgdue.run_history WHERE scheduled_run_time = (SELECT min(scheduled_run_time) FROM pgdue.run_history WHERE job_id = 'tick' AND fire_count = 1)`,
		"fires_kept"},
	{"the first fires lost",
		`DELETE FROM pgdue.run_history WHERE scheduled_run_time = (SELECT min(scheduled_run_time) FROM pgdue.run_history WHERE job_id = 'tick')`,
		"fires_kept"},
	{"all fires lost",
		`DELETE FROM pgdue.run_history WHERE job_id = 'tick'`,
		"fires_kept"},
	{"a span that counts one too many",
		`UPDATE pgdue.run_history SET fire_count = fire_count + 1 WHERE fire_count > 1`,
		"fires_kept"},
	{"a next run time that leaves one out",
		`UPDATE pgdue.next_run_times SET next_run_time = next_run_time + interval '1 ms' WHERE job_id = 'tick'`,
		"fires_kept"},
	{"a last fire that was lost",
		`DELETE FROM pgdue.run_history WHERE scheduled_run_time = (SELECT max(scheduled_run_time) FROM pgdue.run_history WHERE job_id = 'tick')`,
		"fires_decided fires_kept"},
	{"a date that was decided without a row",
		`UPDATE pgdue.next_run_times SET last_run_time = last_run_time + interval '1 day' WHERE job_id = 'retry'`,
		"fires_decided"},
	{"a next run time that is decided",
		`UPDATE pgdue.next_run_times SET next_run_time = last_run_time WHERE job_id = 'tick'`,
		"fires_decided fires_kept"},

	{"two instances of one",
		begin + begin,
		"instances_at_most instances_at_most_ever nothing_executes"},
	{"fewer instances allowed by an edit",
		`UPDATE pgdue.jobs SET max_instances = 2, revision = nextval('pgdue.revisions') WHERE id = 'asked';` + begin +
			begin + told +
			`UPDATE pgdue.jobs SET max_instances = 1, revision = nextval('pgdue.revisions') WHERE id = 'asked'`,
		"nothing_executes"},
	{"two instances although an edit allowed but one",
		`UPDATE pgdue.jobs SET max_instances = 2, revision = nextval('pgdue.revisions') WHERE id = 'asked';` + told +
			`UPDATE pgdue.jobs SET max_instances = 1, revision = nextval('pgdue.revisions') WHERE id = 'asked';` +
			begin + begin,
		"instances_at_most instances_at_most_ever nothing_executes"},
	{"runs that overlapped",
		`UPDATE pgdue.run_history SET ended_at = ended_at + interval '1 minute'
			WHERE started_at = (SELECT min(started_at) FROM pgdue.run_history WHERE job_id = 'tick')`,
		"instances_at_most_ever"},
	{"two runs beside one that is between two attempts",
		`UPDATE pgdue.run_history SET scheduled_run_time = ended_at - interval '1 hour', started_at = ended_at - interval '1 hour' WHERE job_id = 'retry';` +
			ended + `WHERE id = 'retry';` + ended + `WHERE id = 'retry'`,
		"instances_at_most_ever"},

	{"a job without next run times", `DELETE FROM pgdue.next_run_times WHERE job_id = 'web'`, "no_orphans"},
	{"a waiting run without its job",
		`DELETE FROM pgdue.next_run_times WHERE job_id = 'web'; DELETE FROM pgdue.jobs WHERE id = 'web'`, "no_orphans"},
	{"a run to be tried again without its job",
		`DELETE FROM pgdue.next_run_times WHERE job_id = 'retry'; DELETE FROM pgdue.jobs WHERE id = 'retry'`,
		"no_orphans"},
	{"a run to be tried again at no time", `UPDATE pgdue.running_instances SET not_before = NULL`, "no_orphans"},
	{"an instance without its node", begin + `DELETE FROM pgdue.nodes`, "no_orphans nothing_executes"},

	{"a run before its time",
		`UPDATE pgdue.run_history SET started_at = scheduled_run_time - interval '1 ms' WHERE job_id = 'asked'`,
		"times_in_order"},
	{"a run that ends before it begins",
		`UPDATE pgdue.run_history SET started_at = ended_at + interval '1 ms' WHERE job_id = 'asked'`,
		"times_in_order"},
	{"an attempt that begins before the last one ends",
		`UPDATE pgdue.running_instances SET state = 'executing', attempt = 2, node_id = (SELECT id FROM pgdue.nodes)`,
		"nothing_executes times_in_order"},

	{"a run in the pause of its label",
		`UPDATE pgdue.pauses SET paused_at = paused_at - interval '1 hour';` + ended + `WHERE id = 'web'`,
		"pauses_obeyed"},
	{"a run before its job had the label",
		`UPDATE pgdue.pauses SET paused_at = paused_at - interval '1 hour';` + ended + `WHERE id = 'web';
		UPDATE pgdue.jobs SET revision = nextval('pgdue.revisions') WHERE id = 'web'`,
		""},
	{"a run of another label",
		`UPDATE pgdue.pauses SET paused_at = paused_at - interval '1 hour', label_value = 'db'; UPDATE pgdue.next_run_times SET due_at = pgdue.now() + interval '4 seconds' WHERE job_id = 'web'`,
		""},
	{"runs while everything is paused",
		`UPDATE pgdue.settings SET paused_at = pgdue.now() - interval '1 hour'`,
		"pauses_obeyed"},
	{"runs in a pause of everything that is over",
		`INSERT INTO pgdue.pauses (paused_at, paused_by, resumed_at) VALUES (pgdue.now() - interval '1 hour', '', pgdue.now() + interval '1 minute')`,
		"pauses_obeyed"},
	{"runs of a job that is paused",
		`UPDATE pgdue.jobs SET paused_at = paused_at - interval '1 hour' WHERE id = 'tick'`,
		"pauses_obeyed"},

	{"a run that waits for nothing",
		`DELETE FROM pgdue.pauses`,
		"waiting_runs_awake"},
	{"a run that waits where no look is due",
		`DELETE FROM pgdue.pauses; UPDATE pgdue.next_run_times SET state = 'finished', next_run_time = NULL, due_at = NULL WHERE job_id = 'web'`,
		"waiting_runs_awake"},
	{"a job that stays due",
		`UPDATE pgdue.next_run_times SET due_at = pgdue.now() - interval '1 second' WHERE job_id = 'asked'`,
		"nothing_due"},
	{"a job that is due while everything is paused",
		`UPDATE pgdue.next_run_times SET due_at = pgdue.now() - interval '1 second' WHERE job_id = 'asked'; UPDATE pgdue.settings SET paused_at = pgdue.now()`,
		""},
	{"a job that is due where no node lives",
		`UPDATE pgdue.next_run_times SET due_at = pgdue.now() - interval '1 second' WHERE job_id = 'asked'; UPDATE pgdue.nodes SET alive = false`,
		""},
	{"an instance that nobody ends", begin, "nothing_executes"},
}
