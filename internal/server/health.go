package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
)

func (s *Server) registerHealth(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "live", Method: http.MethodGet, Path: "/livez", Summary: "Whether the process answers",
	}, s.live)
	huma.Register(api, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Summary: "Whether this node claims due runs",
		Description: "Answers 503 with the reason until the database is migrated and the node registered and claiming.",
		Errors:      []int{503},
	}, s.ready)
	huma.Register(api, huma.Operation{
		OperationID: "version", Method: http.MethodGet, Path: "/version", Summary: "Which version answers",
	}, s.version)
}

type statusOutput struct {
	Body struct {
		Status   string   `json:"status" example:"ok"`
		Warnings []string `json:"warnings,omitempty" doc:"What a person should look after although the node is ready"`
	} `nameHint:"Status"`
}

func ok() *statusOutput {
	out := &statusOutput{}
	out.Body.Status = "ok"
	return out
}

func (s *Server) live(context.Context, *struct{}) (*statusOutput, error) { return ok(), nil }

func (s *Server) ready(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	if s.Ready != nil {
		if err := s.Ready(ctx); err != nil {
			return nil, huma.Error503ServiceUnavailable("this node is not ready: " + err.Error())
		}
	}
	out := ok()
	if s.Warnings != nil {
		out.Body.Warnings = s.Warnings()
	}
	return out, nil
}

type versionOutput struct{ Body client.Version }

func (s *Server) version(context.Context, *struct{}) (*versionOutput, error) {
	return &versionOutput{client.Version{Version: s.Version, TZData: s.TZData}}, nil
}
