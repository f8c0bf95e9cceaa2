package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Why says why a job does what it does: from its rows, and from who holds them.
type Why struct {
	JobID    string        `json:"job_id"`
	Now      time.Time     `json:"now" doc:"The database's time of the answer"`
	Verdict  string        `json:"verdict" doc:"The answer in one line"`
	Findings []Finding     `json:"findings" nullable:"false" doc:"What stands in the way, then what to know besides"`
	At       *WhyAt        `json:"at,omitempty" doc:"What became of the moment that was asked about"`
	Running  []WhyInstance `json:"instances" nullable:"false" doc:"What holds the job's instances"`
	Fires    []Run         `json:"fires" nullable:"false" doc:"What became of the latest fire times, newest first, without outputs"`
	Next     WhyNext       `json:"next" doc:"When the job fires next"`
}

// Finding is one thing that a person should know.
type Finding struct {
	Code     string `json:"code" example:"at_limit" doc:"table_locked, paused_all, paused_label, paused, blocked, row_locked, no_node, slots_taken, not_claimed, ahead, at_limit, finished, waiting, retrying, skipped_before, failing, replaced, node_silent, zone_rules, clock"`
	Blocks   bool   `json:"blocks" doc:"Whether it keeps the job from running"`
	Sentence string `json:"sentence" doc:"What is so, with the evidence"`
	Remedy   string `json:"remedy,omitempty" doc:"A command to copy, or what to do in words"`
}

// WhyAt is what became of a fire time.
type WhyAt struct {
	At       time.Time `json:"at"`
	Sentence string    `json:"sentence"`
	Runs     []Run     `json:"runs" nullable:"false" doc:"All rows of the runs that have a fire time there"`
}

// WhyInstance is a running instance.
type WhyInstance struct {
	Run
	NotBefore time.Time `json:"not_before,omitzero" doc:"Between two attempts: when the next one may begin"`
	Deadline  time.Time `json:"deadline,omitzero" doc:"When its timeout passes"`
}

// WhyNext is when a job fires next.
type WhyNext struct {
	At           time.Time `json:"at,omitzero" doc:"The next fire time; absent when there is none"`
	Local        time.Time `json:"local,omitzero" doc:"The same instant in the trigger's time zone"`
	Timezone     string    `json:"timezone"`
	Description  string    `json:"description,omitempty" doc:"The trigger in words"`
	MaxInstances int       `json:"max_instances,omitempty"`
}

// Why asks why a job does what it does, and, where at is not zero, what became of its fire time at that moment: in that
// second for whole seconds. It fails with IsNotFound, which tells what is left of a job that was removed.
func (c *Client) Why(ctx context.Context, id string, at time.Time) (Why, error) {
	q := url.Values{}
	if !at.IsZero() {
		q.Set("at", at.Format(time.RFC3339Nano))
	}
	var w Why
	_, err := c.call(ctx, http.MethodGet, JobPath(id)+"/why", q, nil, &w)
	return w, err
}
