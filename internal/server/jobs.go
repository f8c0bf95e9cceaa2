package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

func (s *Server) registerJobs(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "add-job", Method: http.MethodPost, Path: "/v1/jobs", Summary: "Add a job",
		Description:   "Fails with 409 when the id is taken by a job that is not finished.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: maxBody + 1,
		Errors: []int{400, 403, 409, 413, 415, 503},
	}, s.addJob)
	huma.Register(api, huma.Operation{
		OperationID: "put-job", Method: http.MethodPut, Path: "/v1/jobs/{id}", Summary: "Create or replace a job",
		Description: "Answers 201 when the job is new. An equal definition changes nothing; anchor and " +
			"next run time are " +
			"kept unless the trigger changes. Secrets that are masked as GET shows them stay as they are.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 412, 413, 415, 503},
		Responses:    map[string]*huma.Response{"201": jobResponse(api, "Created")},
	}, s.putJob)
	huma.Register(api, huma.Operation{
		OperationID: "get-job", Method: http.MethodGet, Path: "/v1/jobs/{id}", Summary: "Look at a job",
		Errors: []int{404, 503},
	}, s.getJob)
	huma.Register(api, huma.Operation{
		OperationID: "remove-job", Method: http.MethodDelete, Path: "/v1/jobs/{id}", Summary: "Remove a job",
		Description: "What runs is not stopped and still counts for the id.",
		Errors:      []int{403, 404, 503},
	}, s.removeJob)
	huma.Register(api, huma.Operation{
		OperationID: "pause-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/pause", Summary: "Pause a job",
		Description:  "It begins no runs until it is resumed; what runs goes on. A paused job stays as it is.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 404, 409, 413, 415, 503},
	}, s.pauseJob)
	huma.Register(api, huma.Operation{
		OperationID: "resume-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/resume", Summary: "End a job's pause",
		Description:  "The fire times that were due meanwhile get one record. A job that is not paused stays as it is.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 404, 413, 415, 503},
	}, s.resumeJob)
	huma.Register(api, huma.Operation{
		OperationID: "list-jobs", Method: http.MethodGet, Path: "/v1/jobs", Summary: "List the jobs, ordered by id",
		Description: "A page may hold fewer than the limit: it ends when it has 1 MiB. Where it has a next, there " +
			"are more.",
		Errors: []int{503},
	}, s.listJobs)
}

// jobResponse documents an answer that holds a job.
func jobResponse(api huma.API, description string) *huma.Response {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[client.Job](), true, "")
	return &huma.Response{
		Description: description,
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
}

// addInput is checked by the domain right after the schema, so that one answer lists the errors of both.
type addInput struct {
	Body client.JobDefinition

	definition job.Definition
}

func (in *addInput) Resolve(huma.Context) []error {
	d, bad := form.Read(in.Body)
	in.definition = d
	return details(bad, "body.id")
}

type putInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag that the job must have"`
	Body    client.JobDefinition

	definition job.Definition
}

func (in *putInput) Resolve(huma.Context) []error {
	body := in.Body
	switch body.ID {
	case in.ID:
	case "":
		body.ID = in.ID
	default:
		return []error{&huma.ErrorDetail{
			Location: "body.id",
			Message:  fmt.Sprintf("%q is not the id in the path, %q; leave it out of the body", body.ID, in.ID),
		}}
	}
	d, bad := form.Read(body)
	in.definition = d
	return details(bad, "path.id")
}

// idInput has the id of a job to look for. One that no job can have is not found without a question to the database,
// which would refuse some of its bytes.
type idInput struct {
	ID string `path:"id"`
}

// checkID refuses a query parameter that is not an id.
func checkID(location, id string) []error {
	if id == "" || job.ValidID(id) {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: location, Message: fmt.Sprintf("%q is not the id of a job", id)}}
}

type jobOutput struct {
	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     client.Job
}

func (s *Server) addJob(ctx context.Context, in *addInput) (*jobOutput, error) {
	c, err := s.Store.Add(ctx, in.definition, authorOf(ctx, ""))
	return s.edited(ctx, "add job", in.definition.ID, c, err)
}

func (s *Server) putJob(ctx context.Context, in *putInput) (*jobOutput, error) {
	if in.IfMatch != "" {
		return s.putMatching(ctx, in)
	}
	c, err := s.Store.Put(ctx, in.definition, authorOf(ctx, ""))
	return s.edited(ctx, "put job", in.definition.ID, c, err)
}

// putMatching changes a job that has the ETag of the request.
func (s *Server) putMatching(ctx context.Context, in *putInput) (*jobOutput, error) {
	o, err := s.Store.Job(ctx, in.ID)
	var c policy.Change
	if err == nil && matches(in.IfMatch, o) {
		c, err = s.Store.Modify(ctx, in.ID, o.Revision, in.definition, authorOf(ctx, ""))
	} else if err == nil {
		err = job.ErrChanged
	}
	if errors.Is(err, job.ErrNotFound) || errors.Is(err, job.ErrChanged) {
		return nil, notMatched(in.ID, in.IfMatch)
	}
	return s.edited(ctx, "put job", in.ID, c, err)
}

func (s *Server) getJob(ctx context.Context, in *idInput) (*jobOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	o, err := s.Store.Job(ctx, in.ID)
	if err != nil {
		return nil, s.problem(ctx, "get job", in.ID, err)
	}
	return newJobOutput(o, false), nil
}

type pauseInput struct {
	ID   string `path:"id"`
	Body *client.PauseRequest
}

func (in *pauseInput) Resolve(huma.Context) []error {
	if in.Body == nil {
		in.Body = &client.PauseRequest{}
	}
	return checkReason("body.reason", in.Body.Reason)
}

func (s *Server) pauseJob(ctx context.Context, in *pauseInput) (*jobOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	c, err := s.Store.Pause(ctx, in.ID, authorOf(ctx, in.Body.Reason))
	return s.edited(ctx, "pause job", in.ID, c, err)
}

type resumeInput struct {
	ID   string `path:"id"`
	Body *client.ResumeRequest
}

func (in *resumeInput) Resolve(huma.Context) []error {
	if in.Body == nil {
		in.Body = &client.ResumeRequest{}
	}
	return checkReason("body.reason", in.Body.Reason)
}

func (s *Server) resumeJob(ctx context.Context, in *resumeInput) (*jobOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	c, err := s.Store.Resume(ctx, in.ID, in.Body.RunMissed, authorOf(ctx, in.Body.Reason))
	return s.edited(ctx, "resume job", in.ID, c, err)
}

type removeInput struct {
	ID     string `path:"id"`
	Reason string `query:"reason" maxLength:"1000" doc:"Why"`
}

func (in *removeInput) Resolve(huma.Context) []error { return checkReason("query.reason", in.Reason) }

func (s *Server) removeJob(ctx context.Context, in *removeInput) (*struct{}, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	if _, err := s.Store.Remove(ctx, in.ID, authorOf(ctx, in.Reason)); err != nil {
		return nil, s.problem(ctx, "remove job", in.ID, err)
	}
	return nil, nil
}

// edited answers an edit with the job as it stands after it.
func (s *Server) edited(ctx context.Context, act, id string, c policy.Change, err error) (*jobOutput, error) {
	var o job.Overview
	if err == nil {
		o, err = s.Store.Job(ctx, id)
		if errors.Is(err, job.ErrNotFound) { // it was removed meanwhile
			o, err = job.Overview{Job: *c.After}, nil
		}
	}
	if err != nil {
		return nil, s.problem(ctx, act, id, err)
	}
	return newJobOutput(o, c.Created()), nil
}

func newJobOutput(o job.Overview, created bool) *jobOutput {
	if created {
		return &jobOutput{Status: http.StatusCreated, Location: client.JobPath(o.ID), ETag: etag(o), Body: jobOf(o)}
	}
	return &jobOutput{Status: http.StatusOK, ETag: etag(o), Body: jobOf(o)}
}

type listInput struct {
	After string `query:"after" doc:"The id before the first one wanted"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (in *listInput) Resolve(huma.Context) []error { return checkID("query.after", in.After) }
