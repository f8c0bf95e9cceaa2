package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

const (
	defaultPreview = 10
	maxPreview     = 1000
)

func (s *Server) registerPreview(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "preview-trigger", Method: http.MethodPost, Path: "/v1/triggers/preview",
		Summary: "Show when a trigger will fire",
		Description: "Stores nothing. A trigger that counts from its job's creation counts from `from`. " +
			"The work is bounded: looked_to says where looking on was given up.",
		MaxBodyBytes: maxBody + 1,
		Errors:       []int{400, 403, 413, 415},
	}, s.preview)
}

// previewInput is checked by the domain right after the schema, so that one answer lists the errors of both.
type previewInput struct {
	Body client.PreviewRequest

	trigger *trigger.Trigger
	from    time.Time
	count   int
}

// Resolve is called by huma.
func (in *previewInput) Resolve(huma.Context) []error {
	var bad []job.FieldError
	if in.from = in.Body.From; in.from.IsZero() {
		in.from = time.Now().Truncate(time.Second) // as for a job: a date in this second is not past
	}
	in.from = wholeMicrosecond(in.from)
	in.count = defaultPreview
	if in.Body.Count != nil {
		in.count = *in.Body.Count
	}
	if in.count < 1 || in.count > maxPreview {
		bad = append(bad, job.FieldError{Field: "count",
			Message: fmt.Sprintf("%d is outside 1 to %d", in.count, maxPreview)})
	}
	if y := in.from.UTC().Year(); y < 1970 || y > 2199 {
		bad = append(bad, job.FieldError{Field: "from", Message: fmt.Sprintf("the year %d is outside 1970 to 2199", y)})
	}
	if in.Body.Trigger == nil {
		bad = append(bad, job.FieldError{Field: "trigger",
			Message: `is missing; say when, as in {"type": "cron", "expression": "0 9 * * mon-fri"}`})
	} else if err := in.anchor(); err != nil {
		bad = append(bad, job.FieldErrors(err)...)
	}
	return details(bad, "body.id")
}

func (in *previewInput) anchor() error {
	t, err := form.Trigger(in.Body.Trigger)
	if err != nil {
		return err
	}
	in.trigger = t.Anchored(in.from)
	never := in.trigger.NeverFrom
	if in.Body.From.IsZero() {
		never = in.trigger.Never
	}
	if err := never(); err != nil {
		return job.InvalidTrigger(err)
	}
	return nil
}

// wholeMicrosecond is the first whole microsecond that is not before t: fire times have no finer ones.
func wholeMicrosecond(t time.Time) time.Time {
	whole := t.Truncate(time.Microsecond)
	if whole.Before(t) {
		whole = whole.Add(time.Microsecond)
	}
	return whole
}

type previewOutput struct{ Body client.Preview }

func (s *Server) preview(ctx context.Context, in *previewInput) (*previewOutput, error) {
	p := in.trigger.Preview(ctx, in.from, in.count)
	out := &previewOutput{client.Preview{Description: in.trigger.String(), Fires: make([]client.Fire, len(p.Fires)),
		Exhausted: p.Exhausted, LookedTo: p.LookedTo}}
	for i, f := range p.Fires {
		out.Body.Fires[i] = client.Fire{UTC: f.At, Local: f.Local, Note: f.Note}
	}
	return out, nil
}
