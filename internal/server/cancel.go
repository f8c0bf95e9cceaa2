package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
)

func (s *Server) registerCancel(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "cancel-run", Method: http.MethodPost, Path: "/v1/jobs/{id}/runs/{run_id}/cancel",
		Summary: "Cancel a run",
		Description: "A run that waits, or is between two attempts, has ended with this call. One that executes is " +
			"told to stop, on " +
			"whichever node that is; look at the run for its end.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBody + 1,
		Errors: []int{400, 403, 404, 409, 413, 415, 503},
	}, s.cancelRun)
	huma.Register(api, huma.Operation{
		OperationID: "cancel-runs", Method: http.MethodPost, Path: "/v1/jobs/{id}/cancel",
		Summary:       "Cancel all runs of a job",
		Description:   "Those that wait and those that have begun. The job itself stays as it is.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBody + 1,
		Errors: []int{400, 403, 404, 413, 415, 503},
	}, s.cancelRuns)
}

type cancelInput struct {
	ID    string    `path:"id"`
	RunID uuid.UUID `path:"run_id" format:"uuid"`
	Body  *client.CancelRequest
}

func (in *cancelInput) Resolve(huma.Context) (bad []error) {
	in.Body, bad = cancelRequest(in.Body)
	return bad
}

// cancelRequest is an empty one where there is no body.
func cancelRequest(r *client.CancelRequest) (*client.CancelRequest, []error) {
	if r == nil {
		r = &client.CancelRequest{}
	}
	return r, checkReason("body.reason", r.Reason)
}

type cancelOutput struct{ Body client.Cancellation }

func (s *Server) cancelRun(ctx context.Context, in *cancelInput) (*cancelOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	c, err := s.Store.Cancel(ctx, in.ID, in.RunID, authorOf(ctx, in.Body.Reason))
	switch {
	case errors.Is(err, job.ErrNotFound):
		return nil, noRun(in.ID, in.RunID)
	case errors.Is(err, job.ErrEnded):
		return nil, huma.Error409Conflict(err.Error())
	case err != nil:
		return nil, s.problem(ctx, "cancel a run of job", in.ID, err)
	}
	return &cancelOutput{client.Cancellation(c)}, nil
}

type cancelAllInput struct {
	ID   string `path:"id"`
	Body *client.CancelRequest
}

func (in *cancelAllInput) Resolve(huma.Context) (bad []error) {
	in.Body, bad = cancelRequest(in.Body)
	return bad
}

func (s *Server) cancelRuns(ctx context.Context, in *cancelAllInput) (*cancelOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	c, err := s.Store.CancelAll(ctx, in.ID, authorOf(ctx, in.Body.Reason))
	if err != nil {
		return nil, s.problem(ctx, "cancel the runs of job", in.ID, err)
	}
	return &cancelOutput{client.Cancellation(c)}, nil
}
