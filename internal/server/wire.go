package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// definition fills in the defaults and lists everything that is wrong with w.
func definition(w client.JobDefinition) (job.Definition, []job.FieldError) {
	d := job.Definition{
		ID:           w.ID,
		Work:         job.Work{Exec: (*job.Exec)(w.Exec), HTTP: (*job.HTTP)(w.HTTP)},
		MaxInstances: valueOr(w.MaxInstances, 1),
		Overlap:      cmp.Or(w.Overlap, job.OverlapSkip),
		MaxWaiting:   valueOr(w.MaxWaiting, job.DefaultMaxWaiting),
		Coalesce:     cmp.Or(w.Coalesce, job.CoalesceLatest),
		MaxAttempts:  valueOr(w.MaxAttempts, 1),
		RetryOn:      w.RetryOn,
		History:      cmp.Or(w.History, job.HistoryAll),
		Labels:       w.Labels,
	}
	if f := w.OnFailure; f != nil {
		d.OnFailure = &job.OnFailure{After: f.After, Pause: f.Pause, HTTP: (*job.HTTP)(f.HTTP)}
	}
	var bad []job.FieldError
	if w.Trigger != nil {
		var err error
		if d.Trigger, err = parseTrigger(w.Trigger); err != nil {
			bad = append(bad, triggerError(err))
		}
	}
	bad = append(bad, duration(&d.Timeout, "timeout", w.Timeout)...)
	if w.Retry != nil {
		bad = append(bad, duration(&d.Retry.Min, "retry.min", w.Retry.Min)...)
		bad = append(bad, duration(&d.Retry.Max, "retry.max", w.Retry.Max)...)
		d.Retry.Factor = w.Retry.Factor
	}
	bad = append(bad, duration(&d.AlertIfNoSuccessFor, "alert_if_no_success_for", w.AlertIfNoSuccessFor)...)
	bad = append(bad, duration(&d.MisfireGraceTime, "misfire_grace_time", w.MisfireGraceTime)...)
	var invalid *job.InvalidError
	if errors.As(d.Validate(), &invalid) {
		for _, f := range invalid.Fields {
			if f.Field != "trigger" || w.Trigger == nil { // one that could not be read is not missing too
				bad = append(bad, f)
			}
		}
	}
	return d, bad
}

// duration reads a field that is a duration, absent for 0.
func duration(d *time.Duration, field, text string) (bad []job.FieldError) {
	if text == "" {
		return nil
	}
	var err error
	if *d, err = trigger.ParseDuration(text); err != nil {
		return []job.FieldError{{Field: field, Message: err.Error()}}
	}
	return nil
}

func valueOr(v *int, absent int) int {
	if v == nil {
		return absent
	}
	return *v
}

func parseTrigger(w *client.Trigger) (*trigger.Trigger, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	return trigger.Parse(data)
}

// triggerError places an error of package trigger in the job.
func triggerError(err error) job.FieldError {
	var te *trigger.Error
	if !errors.As(err, &te) {
		return job.FieldError{Field: "trigger", Message: err.Error()}
	}
	if te.Field == "" {
		return job.FieldError{Field: "trigger", Message: te.Message}
	}
	return job.FieldError{Field: "trigger." + te.Field, Message: te.Message}
}

// details places errors of the domain in the request, where the job's id stands at idLocation.
func details(fields []job.FieldError, idLocation string) []error {
	var errs []error
	for _, f := range fields {
		location := "body." + f.Field
		if f.Field == "id" {
			location = idLocation
		}
		errs = append(errs, &huma.ErrorDetail{Location: location, Message: f.Message})
	}
	return errs
}

// jobOf is the wire form of a job.
func jobOf(o job.Overview) client.Job {
	j := client.Job{
		JobDefinition: client.JobDefinition{
			ID:           o.ID,
			Exec:         (*client.Exec)(o.Exec),
			HTTP:         (*client.HTTP)(o.HTTP),
			MaxInstances: &o.MaxInstances,
			Overlap:      o.Overlap,
			MaxWaiting:   &o.MaxWaiting,
			Coalesce:     o.Coalesce,
			MaxAttempts:  &o.MaxAttempts,
			RetryOn:      o.RetryOn,
			History:      o.History,
			Labels:       o.Labels,
		},
		State:       string(o.State),
		Anchor:      o.Anchor,
		NextRunTime: o.NextRunTime,
		LastRunTime: o.LastRunTime,
		DueAt:       o.DueAt,
		Running:     o.Running,
		Waiting:     o.Waiting,
		LastOutcome: o.LastOutcome,
		LastReason:  o.LastReason,
		LastEndedAt: o.LastEndedAt,
		Problem:     o.Problem,
		Error:       o.Error,

		PausedAt:     o.PausedAt,
		PausedBy:     o.PausedBy,
		PausedReason: o.PausedReason,
		PausedWith:   o.PausedWith,

		Revision:  o.Revision,
		CreatedAt: o.CreatedAt,
		UpdatedAt: o.UpdatedAt,
	}
	if o.Retry != (job.Retry{}) {
		j.Retry = &client.Retry{Factor: o.Retry.Factor}
		if o.Retry.Min != 0 {
			j.Retry.Min = trigger.FormatDuration(o.Retry.Min)
		}
		if o.Retry.Max != 0 {
			j.Retry.Max = trigger.FormatDuration(o.Retry.Max)
		}
	}
	if f := o.OnFailure; f != nil {
		j.OnFailure = &client.OnFailure{After: f.After, Pause: f.Pause, HTTP: (*client.HTTP)(f.HTTP)}
	}
	if o.AlertIfNoSuccessFor != 0 {
		j.AlertIfNoSuccessFor = trigger.FormatDuration(o.AlertIfNoSuccessFor)
	}
	if o.MisfireGraceTime != 0 {
		j.MisfireGraceTime = trigger.FormatDuration(o.MisfireGraceTime)
	}
	if o.Timeout != 0 {
		j.Timeout = trigger.FormatDuration(o.Timeout)
	}
	if o.Trigger != nil { // nil when its row cannot be read: the job is blocked, Error says why
		j.Description = o.Trigger.String()
		j.Trigger = triggerOf(o.Trigger)
	}
	return j
}

func triggerOf(t *trigger.Trigger) *client.Trigger {
	var w client.Trigger
	data, err := json.Marshal(t)
	if err == nil {
		err = json.Unmarshal(data, &w)
	}
	if err != nil {
		panic(fmt.Sprintf("trigger %q has no wire form: %v", t, err))
	}
	return &w
}

// runOf is the wire form of a run.
func runOf(v job.RunView) client.Run {
	return client.Run{
		JobID:            v.JobID,
		RunID:            v.RunID.String(),
		Attempt:          v.Attempt,
		Cause:            string(v.Cause),
		State:            v.State,
		Outcome:          string(v.Outcome),
		Reason:           string(v.Reason),
		Sentence:         v.Sentence,
		ScheduledRunTime: v.ScheduledRunTime,
		StartedAt:        v.StartedAt,
		EndedAt:          v.EndedAt,
		NotBefore:        v.NotBefore,
		Node:             v.Node,
		Error:            v.Error,
		Output:           v.Output,
		Status:           v.Status,
		FireCount:        v.FireCount,
		FirstRunTime:     v.FirstRunTime,
		LastRunTime:      v.LastRunTime,
		Final:            v.Final,

		CancelRequestedAt: v.Cancel.At,
		CancelRequestedBy: v.Cancel.By,
		CancelReason:      v.Cancel.Reason,
	}
}

// runsOf is the wire form of runs, never nil.
func runsOf(views []job.RunView) []client.Run {
	runs := make([]client.Run, len(views))
	for i, v := range views {
		runs[i] = runOf(v)
	}
	return runs
}

// eventOf is the wire form of an event.
func eventOf(e job.Event) client.Event {
	return client.Event{
		ID: e.ID, JobID: e.JobID, At: e.At, Actor: e.Actor, Action: string(e.Action), Reason: e.Reason,
		Before: objectOf(e.Before), After: objectOf(e.After),
	}
}

// objectOf reads a row that the database wrote as JSON; nil for none.
func objectOf(row json.RawMessage) (object map[string]any) {
	if row == nil {
		return nil
	}
	if err := json.Unmarshal(row, &object); err != nil {
		panic(fmt.Sprintf("the database wrote what is no JSON: %v", err))
	}
	return object
}
