package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
)

func (s *Server) registerPauses(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "pause", Method: http.MethodPost, Path: "/v1/pause", Summary: "Pause a label or everything",
		Description: "No run of what is covered begins until it is resumed; what runs goes on. What is paused " +
			"already stays as it " +
			"is, and the answer tells since when and by whom.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 404, 413, 415, 503},
	}, s.pauseMany)
	huma.Register(api, huma.Operation{
		OperationID: "resume", Method: http.MethodPost, Path: "/v1/resume",
		Summary:      "End the pause of a label or of everything",
		Description:  "The fire times that a job missed get one record. What is not paused stays as it is.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 413, 415, 503},
	}, s.resumeMany)
	huma.Register(api, huma.Operation{
		OperationID: "list-pauses", Method: http.MethodGet, Path: "/v1/pauses",
		Summary: "List what is paused: everything, labels, jobs",
		Errors:  []int{503},
	}, s.listPauses)
}

// scopeOf reads what a request is about.
func scopeOf(label string, all bool) (job.Scope, []error) {
	switch {
	case all && label != "":
		return job.Scope{}, []error{&huma.ErrorDetail{Location: "body.label",
			Message: "stands beside all; give one of them"}}
	case all:
		return job.Scope{}, nil
	case label == "":
		return job.Scope{}, []error{&huma.ErrorDetail{Location: "body",
			Message: `give "label": "team=web" or "all": true; a single job has /v1/jobs/{id}/pause`}}
	}
	scope, err := job.ParseLabel(label)
	if err != nil {
		return scope, []error{&huma.ErrorDetail{Location: "body.label", Message: err.Error()}}
	}
	return scope, nil
}

type pauseManyInput struct {
	Body client.PauseManyRequest

	scope job.Scope
}

func (in *pauseManyInput) Resolve(huma.Context) (bad []error) {
	in.scope, bad = scopeOf(in.Body.Label, in.Body.All)
	return bad
}

type pauseManyOutput struct{ Body client.Paused }

func (s *Server) pauseMany(ctx context.Context, in *pauseManyInput) (*pauseManyOutput, error) {
	p, err := s.Store.PauseMany(ctx, in.scope, authorOf(ctx, in.Body.Reason))
	if errors.Is(err, job.ErrNotFound) {
		return nil, huma.Error404NotFound(fmt.Sprintf("no job has the label %s, so nothing was paused; `scheduler "+
			"get JOB` shows a job's labels", in.scope.Label()))
	}
	if err != nil {
		return nil, s.pausesProblem(ctx, "pause", in.scope, err)
	}
	return &pauseManyOutput{client.Paused{Pause: pauseOf(p.Pause), Already: p.Already, Jobs: p.Jobs}}, nil
}

type resumeManyInput struct {
	Body client.ResumeManyRequest

	scope job.Scope
}

func (in *resumeManyInput) Resolve(huma.Context) (bad []error) {
	in.scope, bad = scopeOf(in.Body.Label, in.Body.All)
	return bad
}

type resumeManyOutput struct{ Body client.Resumed }

func (s *Server) resumeMany(ctx context.Context, in *resumeManyInput) (*resumeManyOutput, error) {
	r, err := s.Store.ResumeMany(ctx, in.scope, in.Body.RunMissed, authorOf(ctx, ""))
	if err != nil {
		return nil, s.pausesProblem(ctx, "resume", in.scope, err)
	}
	body := client.Resumed{Pause: pauseOf(r.Pause), WasPaused: r.Was, Jobs: r.MadeDue}
	if r.DueError != nil {
		s.Log.Warn("the pause is over, but some of its jobs could not be made due; they are looked at in some minutes",
			"what", in.scope.String(), "err", r.DueError)
		body.Note = "some of its jobs are looked at in some minutes only: see the server's log"
	}
	return &resumeManyOutput{body}, nil
}

// pausesProblem is problem for what waits for the lock of all pauses rather than for a job's.
func (s *Server) pausesProblem(ctx context.Context, act string, scope job.Scope, err error) error {
	if errors.Is(err, job.ErrLocked) {
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the row of pgdue.settings is locked by "+
			"somebody else's transaction; "+
			"see pg_locks, or try again"), http.Header{"Retry-After": {"5"}})
	}
	return s.problem(ctx, act, scope.String(), err)
}

type pausesInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many single jobs at most"`
}

type pausesOutput struct{ Body client.Pauses }

func (s *Server) listPauses(ctx context.Context, in *pausesInput) (*pausesOutput, error) {
	list, err := s.Store.Pauses(ctx, in.Limit+1)
	if err != nil {
		return nil, s.problem(ctx, "list pauses", "", err)
	}
	body := client.Pauses{Items: []client.Pause{}}
	jobs := 0
	for _, p := range list {
		if p.JobID != "" {
			if jobs++; jobs > in.Limit {
				body.More = true
				break
			}
		}
		body.Items = append(body.Items, pauseOf(p))
	}
	return &pausesOutput{body}, nil
}

// pauseOf is the wire form of a pause.
func pauseOf(p job.Pause) client.Pause {
	return client.Pause{
		What: p.Scope.String(), Label: p.Label(), JobID: p.JobID, PausedAt: p.PausedAt, PausedBy: p.PausedBy,
		Reason: p.Reason,
		Resume: p.ResumeCommand(),
	}
}
