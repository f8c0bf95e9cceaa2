package client

import "time"

// JobDefinition is a job as its user writes it: when (trigger), what (exactly one of exec, http), and its policies. A field
// that is absent has its default.
type JobDefinition struct {
	// ID is 1 to 200 characters of A-Z a-z 0-9 . _ : @ - and chosen by the user.
	ID      string   `json:"id,omitempty" doc:"1 to 200 characters of A-Z a-z 0-9 . _ : @ -" example:"ping"`
	Trigger *Trigger `json:"trigger,omitempty" doc:"When the job fires; required"`
	Exec    *Exec    `json:"exec,omitempty" doc:"Run a program"`
	HTTP    *HTTP    `json:"http,omitempty" doc:"Send an HTTP request"`
	// MaxInstances is how many runs of the job may execute at the same time, at least 1; default 1.
	MaxInstances *int `json:"max_instances,omitempty" doc:"How many runs of the job may execute at the same time; default 1"`
	// Overlap says what a fire does when max_instances runs execute: "skip" (default).
	Overlap string `json:"overlap,omitempty" doc:"What a fire does when max_instances runs execute; default skip" example:"skip"`
	// Coalesce says what several overdue fire times become: "latest" (default) is one run.
	Coalesce string `json:"coalesce,omitempty" doc:"What several overdue fire times become; default latest" example:"latest"`
	// Timeout is the longest duration of an attempt; default 60s for http, none for exec.
	Timeout string `json:"timeout,omitempty" doc:"Longest duration of an attempt, as in 90s, 1h30m; default 60s for http, none for exec" example:"10s"`
	// MaxAttempts is how often a run is tried; default 1.
	MaxAttempts *int              `json:"max_attempts,omitempty" doc:"How often a run is tried; default 1"`
	Labels      map[string]string `json:"labels,omitempty" doc:"Free key-value pairs"`
}

// Types of Trigger.
const (
	TriggerDate     = "date"     // once, at At
	TriggerInterval = "interval" // again and again, Every
)

// Trigger says when a job fires. Which fields it has depends on its type.
type Trigger struct {
	Type string `json:"type,omitempty" doc:"date or interval; required" example:"interval"`
	// At is the time of a date trigger; absent is now.
	At string `json:"at,omitempty" doc:"date: the time, RFC 3339 or local to the time zone; default now" example:"2026-03-01T09:00:00"`
	// Every is the duration between two fire times of an interval trigger.
	Every string `json:"every,omitempty" doc:"interval: the duration between two fire times, as in 30s, 1h30m, 2d" example:"30s"`
	// Start and End bound the fire times of an interval trigger.
	Start string `json:"start,omitempty" doc:"No fire time before it; an interval counts from it"`
	End   string `json:"end,omitempty" doc:"No fire time after it"`
	// Timezone is an IANA name; default UTC.
	Timezone string `json:"timezone,omitempty" doc:"IANA name of the time zone of local times; default UTC" example:"Europe/Stockholm"`
}

// Exec runs a program on a node that serves exec.
type Exec struct {
	Command []string          `json:"command,omitempty" nullable:"false" doc:"The program and its arguments; no shell; required"`
	Env     map[string]string `json:"env,omitempty" doc:"Added to the clean environment of the run"`
	Dir     string            `json:"dir,omitempty" doc:"Absolute path of the working directory"`
}

// HTTP sends a request; an answer of 200 to 299 is success. Redirects are not followed.
type HTTP struct {
	Method  string            `json:"method,omitempty" doc:"Default POST with a body, else GET"`
	URL     string            `json:"url,omitempty" doc:"Absolute http or https URL; required" example:"https://example.org/ping"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Job is a stored job: its definition with the defaults filled in, and what the scheduler knows about it.
type Job struct {
	JobDefinition

	State       string    `json:"state" doc:"active, paused, finished or blocked"`
	Description string    `json:"description" doc:"The trigger in words"`
	Anchor      time.Time `json:"anchor,omitzero" doc:"The moment from which the trigger counts"`
	NextRunTime time.Time `json:"next_run_time,omitzero" doc:"The next nominal fire time; absent when the job is finished"`
	LastRunTime time.Time `json:"last_run_time,omitzero" doc:"The last fire time that was decided"`
	DueAt       time.Time `json:"due_at,omitzero" doc:"When a node must next look at the job, for whatever reason"`
	Running     int       `json:"running" doc:"How many runs of this id execute now"`
	LastOutcome string    `json:"last_outcome,omitempty" doc:"How the latest run ended"`
	LastReason  string    `json:"last_reason,omitempty" doc:"Why the latest run was skipped"`
	LastEndedAt time.Time `json:"last_ended_at,omitzero"`
	Problem     string    `json:"problem,omitempty" doc:"What keeps the job from running; absent when nothing does"`
	Error       string    `json:"error,omitempty" doc:"Why the job is blocked"`
	Revision    int64     `json:"revision" doc:"Grows with every change"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// JobPage is a part of the list of jobs, ordered by id.
type JobPage struct {
	Items []Job  `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass it as after for the next page; absent on the last"`
}

// States of a Run.
const (
	RunRunning = "running"
	RunEnded   = "ended"
)

// Run is one attempt of a run that executes or has ended, or one or more fire times that were skipped.
type Run struct {
	JobID            string    `json:"job_id"`
	RunID            string    `json:"run_id" doc:"UUID; the same for all attempts"`
	Attempt          int       `json:"attempt" doc:"From 1"`
	Cause            string    `json:"cause" doc:"Why the run exists: schedule"`
	State            string    `json:"state" doc:"running or ended"`
	Outcome          string    `json:"outcome,omitempty" doc:"succeeded, failed, timed_out, cancelled, lost or skipped; absent while it runs"`
	Reason           string    `json:"reason,omitempty" doc:"Why it was skipped: max_instances, coalesced, rescheduled, removed"`
	Sentence         string    `json:"sentence,omitempty" doc:"The whole story for a person"`
	ScheduledRunTime time.Time `json:"scheduled_run_time" doc:"The nominal fire time"`
	StartedAt        time.Time `json:"started_at,omitzero"`
	EndedAt          time.Time `json:"ended_at,omitzero"`
	Node             string    `json:"node,omitempty"`
	Error            string    `json:"error,omitempty"`
	Output           string    `json:"output,omitempty" doc:"The last of what the work printed or answered"`
	Status           *int      `json:"status,omitempty" doc:"Exit code or HTTP status"`
	FireCount        int64     `json:"fire_count,omitempty" doc:"How many fire times this record stands for"`
	FirstRunTime     time.Time `json:"first_run_time,omitzero" doc:"The first of these fire times"`
	LastRunTime      time.Time `json:"last_run_time,omitzero" doc:"The last of these fire times"`
	Final            bool      `json:"final" doc:"Whether this is the run's end: no attempt follows"`
}

// RunPage is a part of a job's runs, newest first: those that execute, then those that have ended.
type RunPage struct {
	Items []Run  `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass it as before for the next page; absent on the last"`
}

// RunDetail is all there is about one run: a record for each attempt, in their order.
type RunDetail struct {
	Items []Run `json:"items" nullable:"false"`
}

// Version says what answers.
type Version struct {
	Version string `json:"version"`
}
