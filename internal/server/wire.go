package server

import (
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
)

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
	shown := o.Definition.Masked()
	j := client.Job{
		JobDefinition: form.Write(&shown),

		State:        stateOf(o),
		Anchor:       o.Anchor,
		NextRunTime:  o.NextRunTime,
		LastRunTime:  o.LastRan,
		LastFireTime: o.LastRunTime,
		DueAt:        o.DueAt,
		Running:      o.Running,
		Waiting:      o.Waiting,
		LastOutcome:  o.LastOutcome,
		LastReason:   o.LastReason,
		LastEndedAt:  o.LastEndedAt,
		Problem:      o.Problem,
		Error:        o.Error,

		PausedAt:     o.PausedAt,
		PausedBy:     o.PausedBy,
		PausedReason: o.PausedReason,

		Revision:  o.Revision,
		CreatedAt: o.CreatedAt,
		UpdatedAt: o.UpdatedAt,
	}
	if h := o.Held; h.With != "" {
		j.State, j.PausedWith, j.PausedAt, j.PausedBy, j.PausedReason = string(job.StatePaused), h.With, h.At, h.By,
			h.Reason
	}
	if o.Trigger != nil { // nil when its row cannot be read: the job is blocked, Error says why
		j.Description = o.Trigger.String()
	}
	return j
}

// finishing is the state of a job without a further fire of which runs wait or execute still. Its row says finished:
// its id is free.
const finishing = "finishing"

func stateOf(o job.Overview) string {
	if o.State == job.StateFinished && o.Running+o.Waiting > 0 {
		return finishing
	}
	return string(o.State)
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
		Duration:         durationOf(v.Took),
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

// durationOf writes a measured duration, absent where there is none.
func durationOf(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.Round(time.Millisecond).String()
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

// objectOf reads a row that the database wrote as a JSON object; nil for none. What somebody else wrote there may be
// none, and is told of.
func objectOf(row json.RawMessage) (object map[string]any) {
	if row == nil {
		return nil
	}
	if err := json.Unmarshal(row, &object); err != nil {
		return map[string]any{"unreadable": err.Error()}
	}
	return object
}
