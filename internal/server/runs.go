package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
)

func (s *Server) registerRuns(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "list-runs", Method: http.MethodGet, Path: "/v1/runs",
		Summary: "List a job's runs, the latest end first",
		Description: "What waits or executes comes before what has ended. " +
			"The runs of a removed job stay, so an unknown id has none. What a run printed is told where " +
			"one run is asked for, and of a long error the beginning here.",
		Errors: []int{503},
	}, s.listRuns)
	huma.Register(api, huma.Operation{
		OperationID: "run-now", Method: http.MethodPost, Path: "/v1/jobs/{id}/runs", Summary: "Run a job now",
		Description: "The run waits until an instance is free, then it begins. The schedule stays as it is. " +
			"The body may give the run a payload, and may be left out. Refused with 429 while max_waiting runs wait.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBody + 1,
		Errors: []int{400, 403, 404, 409, 413, 415, 429, 503},
	}, s.runNow)
	huma.Register(api, huma.Operation{
		OperationID: "get-run", Method: http.MethodGet, Path: "/v1/jobs/{id}/runs/{run_id}", Summary: "Look at one run",
		Description: "Of more than 16 attempts the earlier ones come without what they printed.",
		Errors:      []int{404, 503},
	}, s.getRun)
}

type runNowInput struct {
	ID   string `path:"id"`
	Body *client.RunRequest

	payload string
}

func (in *runNowInput) Resolve(huma.Context) []error {
	if in.Body == nil {
		return nil
	}
	in.payload = in.Body.Payload
	var invalid *job.InvalidError
	if errors.As(job.ValidatePayload(in.payload), &invalid) {
		return details(invalid.Fields, "path.id")
	}
	return nil
}

type runNowOutput struct {
	Location string `header:"Location"`
	Body     client.Run
}

func (s *Server) runNow(ctx context.Context, in *runNowInput) (*runNowOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	c, err := s.Store.RunNow(ctx, in.ID, in.payload, authorOf(ctx, ""))
	if err != nil {
		return nil, s.problem(ctx, "run job", in.ID, err)
	}
	run := c.Wait[0].Run
	view := job.RunView{State: job.RunWaiting, Record: job.Record{
		Run: run, FireCount: 1, FirstRunTime: run.ScheduledRunTime, LastRunTime: run.ScheduledRunTime,
	}}
	return &runNowOutput{client.JobPath(in.ID) + "/runs/" + run.RunID.String(), runOf(view)}, nil
}

type runsInput struct {
	JobID  string `query:"job_id" required:"true"`
	Before string `query:"before" doc:"Only runs that ended before this time (RFC 3339), or the next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`

	behind job.RunPlace
	before time.Time
}

func (in *runsInput) Resolve(huma.Context) (bad []error) {
	bad = checkID("query.job_id", in.JobID)
	var err error
	if in.behind, in.before, err = parsePlace(in.Before); err != nil {
		bad = append(bad, &huma.ErrorDetail{Location: "query.before", Message: err.Error()})
	}
	return bad
}

type runsOutput struct{ Body client.RunPage }

func (s *Server) listRuns(ctx context.Context, in *runsInput) (*runsOutput, error) {
	views, err := s.Store.Runs(ctx, job.RunFilter{JobID: in.JobID, Behind: in.behind, Before: in.before,
		Limit: in.Limit + 1})
	if err != nil {
		return nil, s.problem(ctx, "list runs of job", in.JobID, err)
	}
	var next string
	if len(views) > in.Limit {
		views = views[:in.Limit]
		next = placeText(views[in.Limit-1].Place())
	}
	return &runsOutput{client.RunPage{Items: runsOf(views), Next: next}}, nil
}

type runInput struct {
	ID    string    `path:"id"`
	RunID uuid.UUID `path:"run_id" format:"uuid"`
}

type runOutput struct{ Body client.RunDetail }

func (s *Server) getRun(ctx context.Context, in *runInput) (*runOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	views, err := s.Store.Run(ctx, in.ID, in.RunID)
	if errors.Is(err, job.ErrNotFound) || err == nil && len(views) == 0 {
		return nil, noRun(in.ID, in.RunID)
	}
	if err != nil {
		return nil, s.problem(ctx, "get a run of job", in.ID, err)
	}
	return &runOutput{client.RunDetail{Items: runsOf(views)}}, nil
}

func noRun(id string, runID uuid.UUID) error {
	return huma.Error404NotFound(fmt.Sprintf("job %q has no run %s; GET /v1/runs?job_id=%s lists its runs", id, runID,
		url.QueryEscape(id)))
}
