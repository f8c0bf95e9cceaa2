package client

import "time"

// JobDefinition is a job as its user writes it: when (trigger), what (exactly one of exec, http), and its policies. A
// field that is absent has its default.
type JobDefinition struct {
	// ID is 1 to 200 characters of A-Z a-z 0-9 . _ : @ - and chosen by the user.
	ID      string   `json:"id,omitempty" minLength:"1" doc:"1 to 200 characters of A-Z a-z 0-9 . _ : @ -" example:"ping"`
	Trigger *Trigger `json:"trigger,omitempty" doc:"When the job fires; required"`
	Exec    *Exec    `json:"exec,omitempty" doc:"Run a program"`
	HTTP    *HTTP    `json:"http,omitempty" doc:"Send an HTTP request"`
	// MaxInstances is how many runs of the job may execute at the same time, at least 1; default 1.
	MaxInstances *int `json:"max_instances,omitempty" doc:"How many runs of the job may execute at the same time; default 1"`
	// Overlap says what a fire does when max_instances runs execute: "skip" (default), "wait", or "replace": it waits
	// before all others, and the oldest run is cancelled.
	Overlap string `json:"overlap,omitempty" minLength:"1" doc:"What a fire does when max_instances runs execute: skip (default), wait or replace" example:"skip"`
	// MaxWaiting is how many runs may wait: asked for by hand, and fires where Overlap is "wait"; default 100.
	MaxWaiting *int `json:"max_waiting,omitempty" doc:"How many runs may wait: asked for by hand, and fires where overlap is wait; default 100"`
	// Coalesce says what several overdue fire times become: one run of the "latest" (default) or of the "earliest", or
	// "all".
	Coalesce string `json:"coalesce,omitempty" minLength:"1" doc:"What several overdue fire times become: latest (default), earliest, or all, up to 1000 one by one" example:"latest"`
	// MisfireGraceTime is how late a run may be when its fire is decided; later it is skipped. Absent: however late.
	MisfireGraceTime string `json:"misfire_grace_time,omitempty" minLength:"1" doc:"How late a run may be, as in 5m; later it is skipped; default however late"`
	// Timeout is the longest duration of an attempt; default 60s for http, none for exec.
	Timeout string `json:"timeout,omitempty" minLength:"1" doc:"Longest duration of an attempt, as in 90s, 1h30m; default 60s for http, none for exec" example:"10s"`
	// KillGrace is how long a program that is stopped has between SIGTERM and SIGKILL; default 3s.
	KillGrace string `json:"kill_grace,omitempty" minLength:"1" doc:"How long a program that is stopped has between SIGTERM and SIGKILL; default 3s" example:"10s"`
	// OnContactLost says what becomes of running work when its node cannot reach the database: "continue" (default), or
	// "stop": it is stopped before another node may begin the next attempt.
	OnContactLost string `json:"on_contact_lost,omitempty" minLength:"1" doc:"What becomes of running work when its node cannot reach the database: continue (default), or stop, for work that must never overlap" example:"continue"`
	// MaxAttempts is how often a run is tried; default 1. A lost attempt counts.
	MaxAttempts *int `json:"max_attempts,omitempty" doc:"How often a run is tried, a lost attempt included; default 1"`
	// Retry says how long a run waits between two attempts.
	Retry *Retry `json:"retry,omitempty" doc:"How long a run waits between two attempts"`
	// RetryOn says what is tried again: outcomes, exit codes, HTTP statuses. Absent: what failed, timed out or was
	// lost.
	RetryOn []string `json:"retry_on,omitzero" nullable:"false" doc:"What is tried again: failed, timed_out, lost, exit:75, exit:64-78, http:503, http:5xx; default failed, timed_out, lost"`
	// History is "all" (default), or "errors": the successes of an hour become one record.
	History string `json:"history,omitempty" minLength:"1" doc:"What is kept: all (default), or errors, where the successes of an hour become one record" example:"all"`
	// OnFailure says what is done when runs go on failing.
	OnFailure *OnFailure `json:"on_failure,omitempty" doc:"What is done when runs go on failing"`
	// AlertIfNoSuccessFor is how long the job may be without a success before on_failure's actions are taken.
	AlertIfNoSuccessFor string            `json:"alert_if_no_success_for,omitempty" minLength:"1" doc:"How long the job may be without a success, as in 2h, before on_failure's actions are taken"`
	Labels              map[string]string `json:"labels,omitempty" doc:"Free key-value pairs"`
}

// Retry is an exponential backoff with jitter: before each further attempt a run waits half to all of min ×
// factor^(n−1), at most max.
type Retry struct {
	Min    string  `json:"min,omitempty" minLength:"1" doc:"Longest wait before the second attempt; default 1s" example:"1s"`
	Max    string  `json:"max,omitempty" minLength:"1" doc:"Longest wait before any attempt; default 5m" example:"5m"`
	Factor float64 `json:"factor,omitempty" exclusiveMinimum:"0" doc:"By how much the wait grows with each attempt; default 2" example:"2"`
}

// OnFailure is done once when the last After runs failed, timed out or were lost, and HTTP once more when one succeeds
// again.
type OnFailure struct {
	After int   `json:"after,omitempty" doc:"After so many failed runs in a row; required"`
	Pause bool  `json:"pause,omitempty" doc:"Pause the job"`
	HTTP  *HTTP `json:"http,omitempty" doc:"Call this URL; without a body it is told what happened as JSON"`
}

// Types of Trigger.
const (
	TriggerDate     = "date"     // once, at At
	TriggerInterval = "interval" // again and again, Every
	TriggerCron     = "cron"     // as Expression or Fields match
	TriggerCalendar = "calendar" // every so many Years, Months, Weeks, Days
	TriggerAny      = "any"      // when one of Of fires
	TriggerAll      = "all"      // when all of Of fire at the same instant
	TriggerExcept   = "except"   // when the first of Of fires and the second does not
)

// Trigger says when a job fires. Which fields it has depends on its type. docs/triggers.md tells them all.
type Trigger struct {
	Type string `json:"type,omitempty" doc:"date, interval, cron, calendar, any, all or except; required" example:"interval"`
	// At is the time of a date trigger, absent is now; of a calendar trigger the time of day.
	At string `json:"at,omitempty" minLength:"1" doc:"date: the time, RFC 3339 or local to the time zone, default now; calendar: the time of day" example:"2026-03-01T09:00:00"`
	// Every is the duration between two fire times of an interval trigger.
	Every string `json:"every,omitempty" minLength:"1" doc:"interval: the duration between two fire times, as in 30s, 1h30m, 2d" example:"30s"`
	// Expression is the crontab text of a cron trigger: 5 fields, or 6 with leading seconds, or @daily and its like.
	Expression string `json:"expression,omitempty" minLength:"1" doc:"cron: crontab text" example:"0 9 * * mon-fri"`
	// Fields are the named fields of a cron trigger, instead of Expression: numbers or texts.
	Fields map[string]any `json:"fields,omitzero" doc:"cron: named fields year, month, day, week, day_of_week, hour, minute, second"`
	// Years, Months, Weeks and Days are the step of a calendar trigger.
	Years  *int `json:"years,omitempty" doc:"calendar: every so many years"`
	Months *int `json:"months,omitempty" doc:"calendar: every so many months"`
	Weeks  *int `json:"weeks,omitempty" doc:"calendar: every so many weeks"`
	Days   *int `json:"days,omitempty" doc:"calendar: every so many days"`
	// Of are the members of any, all and except.
	Of []Trigger `json:"of,omitzero" nullable:"false" doc:"any, all, except: the triggers that are put together"`
	// Start and End bound the fire times, both inclusive.
	Start string `json:"start,omitempty" minLength:"1" doc:"No fire time before it; an interval or calendar counts from it"`
	End   string `json:"end,omitempty" minLength:"1" doc:"No fire time after it"`
	// Timezone is an IANA name; default UTC.
	Timezone string `json:"timezone,omitempty" minLength:"1" doc:"IANA name of the time zone of local times; default UTC" example:"Europe/Stockholm"`
	// Jitter is the longest delay of a run behind its fire time, drawn for each.
	Jitter string `json:"jitter,omitempty" minLength:"1" doc:"Longest delay of a run behind its fire time, drawn for each" example:"30s"`
	// DSTGap says what becomes of a local time that the clocks leave out: shift (default), skip or edge.
	DSTGap string `json:"dst_gap,omitempty" minLength:"1" doc:"A local time that does not exist: shift (default), skip, edge"`
	// DSTOverlap says what becomes of a local time that comes twice: auto (default), first, second or both.
	DSTOverlap string `json:"dst_overlap,omitempty" minLength:"1" doc:"A local time that comes twice: auto (default), first, second, both"`
}

// Exec runs a program on a node that serves exec.
type Exec struct {
	Command []string          `json:"command,omitempty" nullable:"false" doc:"The program and its arguments; no shell; required"`
	Env     map[string]string `json:"env,omitempty" doc:"Added to the clean environment of the run"`
	Dir     string            `json:"dir,omitempty" minLength:"1" doc:"Absolute path of the working directory"`
}

// HTTP sends a request; an answer of 200 to 299 is success. Redirects are not followed.
type HTTP struct {
	Method  string            `json:"method,omitempty" minLength:"1" doc:"Default POST with a body, else GET"`
	URL     string            `json:"url,omitempty" doc:"Absolute http or https URL; required" example:"https://example.org/ping"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Job is a stored job: its definition with the defaults filled in, and what the scheduler knows about it.
type Job struct {
	JobDefinition

	State        string    `json:"state" doc:"active, paused, blocked; finishing: it will not fire again, and runs of it wait or execute; finished"`
	Description  string    `json:"description" doc:"The trigger in words"`
	Anchor       time.Time `json:"anchor,omitzero" doc:"The moment from which the trigger counts"`
	NextRunTime  time.Time `json:"next_run_time,omitzero" doc:"The next nominal fire time; absent when the job is finishing or finished"`
	LastRunTime  time.Time `json:"last_run_time,omitzero" doc:"The run time of the run that began last, also of one that was asked for; absent where it is not among the latest 100 records"`
	LastFireTime time.Time `json:"last_fire_time,omitzero" doc:"The last fire time that was decided: it became a run, or a skip, which may be ahead of its time"`
	DueAt        time.Time `json:"due_at,omitzero" doc:"When a node must next look at the job, for whatever reason"`
	Running      int       `json:"running" doc:"How many runs of this id execute now"`
	Waiting      int       `json:"waiting" doc:"How many runs of this id wait for an instance"`
	LastOutcome  string    `json:"last_outcome,omitempty" doc:"How the latest run ended"`
	LastReason   string    `json:"last_reason,omitempty" doc:"Why the latest run was skipped"`
	LastEndedAt  time.Time `json:"last_ended_at,omitzero"`
	Problem      string    `json:"problem,omitempty" doc:"What keeps the job from running; absent when nothing does"`
	Error        string    `json:"error,omitempty" doc:"Why the job is blocked"`

	PausedAt     time.Time `json:"paused_at,omitzero" doc:"Since when the job is paused"`
	PausedBy     string    `json:"paused_by,omitempty" doc:"Who paused it"`
	PausedReason string    `json:"paused_reason,omitempty" doc:"Why it is paused"`
	PausedWith   string    `json:"paused_with,omitempty" doc:"With what it is paused, as in label team=web or everything; absent when it is paused itself"`

	Revision  int64     `json:"revision" doc:"Grows with every change"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// JobPage is a part of the list of jobs, ordered by id.
type JobPage struct {
	Items []Job  `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass it as after for the next page; absent on the last"`
}

// States of a Run.
const (
	RunWaiting  = "waiting"
	RunRunning  = "running"
	RunRetrying = "retrying" // between two attempts
	RunEnded    = "ended"
)

// Run is one attempt of a run that executes or has ended, or one or more fire times that were skipped.
type Run struct {
	JobID            string    `json:"job_id"`
	RunID            string    `json:"run_id" doc:"UUID; the same for all attempts"`
	Attempt          int       `json:"attempt" doc:"From 1"`
	Cause            string    `json:"cause" doc:"Why the run exists: schedule or manual"`
	State            string    `json:"state" doc:"waiting, running, retrying or ended"`
	Outcome          string    `json:"outcome,omitempty" doc:"succeeded, failed, timed_out, cancelled, lost or skipped; absent while it runs"`
	Reason           string    `json:"reason,omitempty" doc:"Why it was skipped: max_instances, max_waiting, misfire, coalesced, catch_up_limit, rescheduled, removed"`
	Sentence         string    `json:"sentence,omitempty" doc:"The whole story for a person"`
	ScheduledRunTime time.Time `json:"scheduled_run_time" doc:"The nominal fire time"`
	StartedAt        time.Time `json:"started_at,omitzero"`
	EndedAt          time.Time `json:"ended_at,omitzero" doc:"When its end was recorded"`
	Duration         string    `json:"duration,omitempty" doc:"How long the work took by its node's clock, as in 1m30.25s; absent where nobody measured it" example:"1m30.25s"`
	NotBefore        time.Time `json:"not_before,omitzero" doc:"While it is retrying: when the next attempt may begin; attempt and started_at are those of the one before"`
	Node             string    `json:"node,omitempty"`
	Error            string    `json:"error,omitempty"`
	Output           string    `json:"output,omitempty" doc:"The last of what the work printed or answered; left out of lists"`
	Status           *int      `json:"status,omitempty" doc:"Exit code or HTTP status"`
	FireCount        int64     `json:"fire_count,omitempty" doc:"How many fire times this record stands for"`
	FirstRunTime     time.Time `json:"first_run_time,omitzero" doc:"The first of these fire times"`
	LastRunTime      time.Time `json:"last_run_time,omitzero" doc:"The last of these fire times"`
	Final            bool      `json:"final" doc:"Whether this is the run's end: no attempt follows"`

	CancelRequestedAt time.Time `json:"cancel_requested_at,omitzero" doc:"When somebody asked to cancel the run, which executes still"`
	CancelRequestedBy string    `json:"cancel_requested_by,omitempty" doc:"Who asked"`
	CancelReason      string    `json:"cancel_reason,omitempty" doc:"Why"`
}

// RunPage is a part of a job's runs: those that wait or execute, then those that have ended, the latest end first.
type RunPage struct {
	Items []Run  `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass it as before for the next page; absent on the last"`
}

// RunDetail is all there is about one run: a record for each attempt, in their order.
type RunDetail struct {
	Items []Run `json:"items" nullable:"false"`
}

// Kinds of an Alert.
const (
	AlertFailure  = "failure"  // so many runs in a row failed
	AlertSilence  = "silence"  // no run succeeded for too long
	AlertRecovery = "recovery" // a run succeeded again
)

// Alert is what on_failure or alert_if_no_success_for found, and the call that tells of it.
type Alert struct {
	ID            string    `json:"id" doc:"UUID; the Idempotency-Key of the call"`
	JobID         string    `json:"job_id"`
	Alert         string    `json:"alert" doc:"failure, silence or recovery"`
	At            time.Time `json:"at" doc:"When it was found"`
	Since         time.Time `json:"since" doc:"When the first of the failed runs ended, or the last success"`
	Sentence      string    `json:"sentence" doc:"The whole story for a person"`
	Failures      int       `json:"failures,omitempty" doc:"How many runs in a row failed"`
	Paused        bool      `json:"paused" doc:"Whether it paused the job"`
	State         string    `json:"state" doc:"Of the call: no_call, pending, delivered or given_up"`
	Attempts      int       `json:"attempts" doc:"How often the call was tried"`
	NextAttemptAt time.Time `json:"next_attempt_at,omitzero" doc:"When it is tried next"`
	LastError     string    `json:"last_error,omitempty" doc:"Why the last attempt failed"`
	EndedAt       time.Time `json:"ended_at,omitzero" doc:"When it was delivered or given up"`
}

// AlertPage is a part of a job's alerts, newest first.
type AlertPage struct {
	Items []Alert `json:"items" nullable:"false"`
	Next  int64   `json:"next,omitempty" doc:"Pass it as before for the next page; absent on the last"`
}

// Version says what answers.
type Version struct {
	Version string `json:"version"`
	TZData  string `json:"tzdata" doc:"Version of the time zone database, and where it is from"`
}

// CancelRequest cancels a run, or all runs of a job.
type CancelRequest struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// Cancellation is what a CancelRequest did.
type Cancellation struct {
	Ended int `json:"ended" doc:"Runs that had not begun, or were between two attempts: they have ended"`
	Asked int `json:"asked" doc:"Runs that execute: their nodes are told to stop them"`
}

// PauseRequest pauses a job.
type PauseRequest struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// ResumeRequest ends a job's pause.
type ResumeRequest struct {
	RunMissed bool   `json:"run_missed,omitempty" doc:"Run once for the fire times that were due meanwhile"`
	Reason    string `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// SkipNextRequest skips a job's next fire.
type SkipNextRequest struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// RescheduleRequest gives a job another trigger, or moves its next fire: one of the two.
type RescheduleRequest struct {
	// Trigger begins afresh, also where it is equal to the present one. A pause ends.
	Trigger *Trigger `json:"trigger,omitempty" doc:"When the job fires from now on"`
	// NextRunTime is when the job fires next. The trigger's own fire times follow after it.
	NextRunTime time.Time `json:"next_run_time,omitzero" pattern:"^(1969|19[7-9][0-9]|2[01][0-9]{2}|2200)-" patternDescription:"a time of the years 1970 to 2199" doc:"When the job fires next; its trigger's own fire times follow after it"`
	Reason      string    `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// RunRequest asks for a run of a job.
type RunRequest struct {
	// Payload is text that the run is given: a program as PGDUE_PAYLOAD in its environment, a request as its body.
	Payload string `json:"payload,omitempty" doc:"What the run is given, at most 64 KiB: a program as PGDUE_PAYLOAD in its environment, a request as its body"`
}

// Event is what somebody did to a job. Before and After are its rows in the tables jobs and next_run_times, with their
// secrets masked; absent where there was no job.
type Event struct {
	ID     int64          `json:"id" doc:"Grows with time"`
	JobID  string         `json:"job_id"`
	At     time.Time      `json:"at"`
	Actor  string         `json:"actor" doc:"Who, as they said"`
	Action string         `json:"action" doc:"added, changed, rescheduled, next_skipped, paused, resumed, removed, run_asked or cancel_asked"`
	Reason string         `json:"reason,omitempty" doc:"Why, where it was said"`
	Before map[string]any `json:"before,omitempty" doc:"The job's rows before, without long values that did not change; absent when it was added"`
	After  map[string]any `json:"after,omitempty" doc:"The job's rows after, likewise; absent when it was removed"`
}

// EventPage is a part of what was done to a job, newest first.
type EventPage struct {
	Items []Event `json:"items" nullable:"false"`
	Next  int64   `json:"next,omitempty" doc:"Pass it as before for the next page; absent on the last"`
}

// PreviewRequest asks what a trigger will do.
type PreviewRequest struct {
	Trigger *Trigger  `json:"trigger,omitempty" doc:"required"`
	From    time.Time `json:"from,omitzero" pattern:"^(1969|19[7-9][0-9]|2[01][0-9]{2}|2200)-" patternDescription:"a time of the years 1970 to 2199" doc:"From when on, inclusive; default now"`
	Count   *int      `json:"count,omitempty" doc:"How many fire times, 1 to 1000; default 10"`
}

// Preview is what a trigger will do. Nothing is stored.
type Preview struct {
	Description string `json:"description" doc:"The trigger in words"`
	Fires       []Fire `json:"fires" nullable:"false"`
	Exhausted   bool   `json:"exhausted" doc:"Whether no fire time follows the last one"`
	// LookedTo is how far was looked, where that was given up before Count fire times were found.
	LookedTo time.Time `json:"looked_to,omitzero" doc:"How far was looked, where looking on was given up: the members of all and except may agree rarely, or never"`
}

// Fire is one fire time.
type Fire struct {
	UTC   time.Time `json:"utc"`
	Local time.Time `json:"local" doc:"The same instant in the trigger's time zone"`
	Note  string    `json:"note,omitempty" doc:"What daylight saving did to it: shifted, skipped, doubled"`
}
