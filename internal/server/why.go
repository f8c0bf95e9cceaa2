package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/why"
)

func (s *Server) registerWhy(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "why", Method: http.MethodGet, Path: "/v1/jobs/{id}/why",
		Summary: "Ask why a job does not run, or did not",
		Description: "Says what stands in the way and how to remove it, what holds the instances, what became of " +
			"the latest fire " +
			"times, and when the job fires next. It looks at locks twice, 100 ms apart, where somebody holds one.",
		Errors: []int{404, 503},
	}, s.why)
}

type whyInput struct {
	ID string `path:"id"`
	At string `query:"at" doc:"Also what became of the fire time at this time (RFC 3339)" example:"2026-03-01T03:00:00Z"`

	at time.Time
}

func (in *whyInput) Resolve(huma.Context) []error {
	if in.At == "" {
		return nil
	}
	var err error
	message := "%q is not a time like 2026-03-01T03:00:00Z; a + in the zone is written %%2B in a URL"
	if in.at, err = time.Parse(time.RFC3339Nano, in.At); err == nil {
		message = "%q is outside the years 1970-2199, in which jobs fire"
	}
	if err != nil || !keepable(in.at) {
		return []error{&huma.ErrorDetail{Location: "query.at", Message: fmt.Sprintf(message, in.At)}}
	}
	return nil
}

// keepable says whether a time lies in the years in which triggers fire.
func keepable(t time.Time) bool { return 1970 <= t.UTC().Year() && t.UTC().Year() < 2200 }

type whyOutput struct{ Body client.Why }

func (s *Server) why(ctx context.Context, in *whyInput) (*whyOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	f, err := s.Store.Why(ctx, in.ID, in.at)
	if err != nil {
		return nil, s.problem(ctx, "ask about job", in.ID, err)
	}
	if !f.Known && !f.Unread {
		return nil, huma.Error404NotFound(f.Unknown())
	}
	return &whyOutput{whyOf(why.Explain(f))}, nil
}

// whyOf is the wire form of an answer.
func whyOf(a why.Answer) client.Why {
	w := client.Why{
		JobID: a.ID, Now: a.Now, Verdict: a.Verdict, Findings: make([]client.Finding, len(a.Findings)),
		Running: make([]client.WhyInstance, len(a.Live)), Fires: runsOf(a.Recent),
		Next: client.WhyNext{At: a.Job.NextRunTime, Timezone: "UTC", MaxInstances: a.Job.MaxInstances},
	}
	for i, f := range a.Findings {
		w.Findings[i] = client.Finding{Code: f.Code, Blocks: f.Blocks, Sentence: f.Sentence, Remedy: f.Remedy}
	}
	for i, l := range a.Live {
		w.Running[i] = instanceOf(l)
	}
	if t := a.Job.Trigger; t != nil {
		w.Next.Timezone, w.Next.Description = t.Location().String(), t.String()
		if !w.Next.At.IsZero() {
			w.Next.Local = w.Next.At.In(t.Location())
		}
	}
	if a.Story != "" {
		w.At = &client.WhyAt{At: a.At, Sentence: a.Story, Runs: runsOf(a.AtRuns)}
	}
	return w
}

func instanceOf(l job.Instance) client.WhyInstance {
	state := job.RunRunning
	if l.State == job.InstanceRetrying {
		state = job.RunRetrying
	}
	run := runOf(job.RunView{State: state, Cancel: l.Cancel, Record: job.Record{
		Run: l.Run, StartedAt: l.StartedAt, Node: l.Node, FireCount: l.FireCount, FirstRunTime: l.FirstRunTime,
		LastRunTime: l.LastRunTime,
	}})
	return client.WhyInstance{Run: run, NotBefore: l.NotBefore, Deadline: l.Deadline}
}
