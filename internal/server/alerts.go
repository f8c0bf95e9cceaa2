package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
)

func (s *Server) registerAlerts(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "list-alerts", Method: http.MethodGet, Path: "/v1/jobs/{id}/alerts",
		Summary:     "List what on_failure did for a job, newest first",
		Description: "The alerts of a removed job stay, so an unknown id has none.",
		Errors:      []int{404, 503},
	}, s.listAlerts)
}

type alertsInput struct {
	ID     string `path:"id"`
	Before int64  `query:"before" minimum:"1" doc:"The next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type alertsOutput struct{ Body client.AlertPage }

func (s *Server) listAlerts(ctx context.Context, in *alertsInput) (*alertsOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	alerts, err := s.Store.Alerts(ctx, job.AlertFilter{JobID: in.ID, Before: in.Before, Limit: in.Limit + 1})
	if err != nil {
		return nil, s.problem(ctx, "list alerts of job", in.ID, err)
	}
	page := client.AlertPage{Items: []client.Alert{}}
	if len(alerts) > in.Limit {
		alerts = alerts[:in.Limit]
		page.Next = alerts[in.Limit-1].Number
	}
	for _, a := range alerts {
		page.Items = append(page.Items, alertOf(a))
	}
	return &alertsOutput{page}, nil
}

// alertOf is the wire form of an alert. Its request stays inside: it may hold secrets.
func alertOf(a job.Alert) client.Alert {
	return client.Alert{
		ID: a.ID.String(), JobID: a.JobID, Alert: string(a.Kind), At: a.At, Since: a.Since, Sentence: a.Sentence,
		Failures: a.Failures,
		Paused:   a.Paused, State: a.State, Attempts: a.Attempts, NextAttemptAt: a.NextAttemptAt,
		LastError: a.LastError, EndedAt: a.EndedAt,
	}
}
