package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/trigger"
)

func (s *Server) registerEdits(api huma.API) {
	s.registerModify(api)
	huma.Register(api, huma.Operation{
		OperationID: "skip-next", Method: http.MethodPost, Path: "/v1/jobs/{id}/skip-next",
		Summary: "Skip a job's next fire",
		Description: "The fire is recorded as skipped at once, and never begins; the next run time is the one after " +
			"it. A job that " +
			"has none is finished. Of several fires that are due the earliest is skipped. A paused job stays paused.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 404, 409, 413, 415, 503},
	}, s.skipNext)
	huma.Register(api, huma.Operation{
		OperationID: "reschedule-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/reschedule",
		Summary: "Give a job another trigger, or move its next fire",
		Description: "A trigger begins afresh now, also one that is equal to the present one, and ends a pause. A " +
			"next_run_time moves " +
			"the next fire alone: the trigger's own fire times follow after it, those passed over are recorded, a " +
			"paused job stays " +
			"paused, and a finished one fires once more.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 404, 409, 413, 415, 503},
	}, s.reschedule)
	huma.Register(api, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/jobs/{id}/events",
		Summary: "List what was done to a job, newest first",
		Description: "The events of a removed job stay, so an unknown id has none. They hold the job's rows before " +
			"and after, with secrets masked, and without long values that did not change. A page may hold fewer than " +
			"the limit: it ends when it has 1 MiB.",
		Errors: []int{404, 503},
	}, s.listEvents)
}

type skipNextInput struct {
	ID   string `path:"id"`
	Body *client.SkipNextRequest
}

func (in *skipNextInput) Resolve(huma.Context) []error {
	if in.Body == nil {
		in.Body = &client.SkipNextRequest{}
	}
	return checkReason("body.reason", in.Body.Reason)
}

// checkReason refuses what the database cannot keep.
func checkReason(location, reason string) []error {
	if strings.ContainsRune(reason, 0) {
		return []error{&huma.ErrorDetail{Location: location,
			Message: "holds a NUL byte, which the database cannot keep"}}
	}
	return nil
}

func (s *Server) skipNext(ctx context.Context, in *skipNextInput) (*jobOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	c, err := s.Store.SkipNext(ctx, in.ID, authorOf(ctx, in.Body.Reason))
	return s.edited(ctx, "skip the next fire of job", in.ID, c, err)
}

type rescheduleInput struct {
	ID   string `path:"id"`
	Body client.RescheduleRequest

	trigger *trigger.Trigger
	at      time.Time
}

func (in *rescheduleInput) Resolve(huma.Context) []error {
	bad := checkReason("body.reason", in.Body.Reason)
	switch given := in.Body; {
	case (given.Trigger == nil) == given.NextRunTime.IsZero():
		return append(bad, &huma.ErrorDetail{Location: "body.next_run_time",
			Message: "give either this, to move the job's next fire alone, or trigger, to change when it fires"})
	case given.Trigger != nil:
		var err error
		if in.trigger, err = form.Trigger(given.Trigger); err != nil {
			bad = append(bad, details(job.FieldErrors(err), "path.id")...)
		}
	default:
		in.at = wholeMicrosecond(given.NextRunTime).UTC()
	}
	return bad
}

func (s *Server) reschedule(ctx context.Context, in *rescheduleInput) (*jobOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	var c policy.Change
	var err error
	if by := authorOf(ctx, in.Body.Reason); in.trigger != nil {
		c, err = s.Store.Reschedule(ctx, in.ID, in.trigger, by)
	} else {
		c, err = s.Store.MoveNext(ctx, in.ID, in.at, by)
	}
	return s.edited(ctx, "reschedule job", in.ID, c, err)
}

type eventsInput struct {
	ID     string `path:"id"`
	Before int64  `query:"before" minimum:"0" doc:"Only events with smaller ids, as in the next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type eventsOutput struct{ Body client.EventPage }

func (s *Server) listEvents(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	events, more, err := s.Store.Events(ctx, job.EventFilter{JobID: in.ID, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, s.problem(ctx, "list events of job", in.ID, err)
	}
	page := client.EventPage{Items: []client.Event{}}
	if more {
		page.Next = events[len(events)-1].ID
	}
	for _, e := range events {
		page.Items = append(page.Items, eventOf(e))
	}
	return &eventsOutput{page}, nil
}
