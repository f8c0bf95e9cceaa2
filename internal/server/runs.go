package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
			"The runs of a removed job stay, so an unknown id has none.",
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
		Errors: []int{404, 503},
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

	from cursor
}

func (in *runsInput) Resolve(huma.Context) []error {
	bad := checkID("query.job_id", in.JobID)
	from, err := parseCursor(in.Before)
	if err != nil {
		bad = append(bad, &huma.ErrorDetail{Location: "query.before", Message: err.Error()})
	}
	in.from = from
	return bad
}

type runsOutput struct{ Body client.RunPage }

func (s *Server) listRuns(ctx context.Context, in *runsInput) (*runsOutput, error) {
	views, err := s.Store.Runs(ctx, job.RunFilter{
		JobID:  in.JobID,
		Before: in.from.before(),
		Limit:  in.from.skip + in.Limit + 1,
	})
	if err != nil {
		return nil, s.problem(ctx, "list runs of job", in.JobID, err)
	}
	views = in.from.behind(views)
	var next string
	if len(views) > in.Limit {
		views = views[:in.Limit]
		next = in.from.after(views).String()
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

// cursor is a place in a job's runs, newest first: behind the first skip runs that ended at at, where a zero at stands
// for the running instances; with skip 0, behind all runs that ended at at or later. Several runs may end at one moment
// (a claim writes all its skips at once), so a time alone would lose some between two pages.
type cursor struct {
	at   time.Time
	skip int
}

// maxSkip bounds what one page may cost.
const maxSkip = 10_000

// String is what parseCursor reads: a time, "time~skip" or "~skip".
func (c cursor) String() string {
	var s string
	if !c.at.IsZero() {
		s = c.at.UTC().Format(time.RFC3339Nano)
	}
	if c.skip > 0 {
		s += "~" + strconv.Itoa(c.skip)
	}
	return s
}

func parseCursor(s string) (c cursor, err error) {
	at, skip, given := strings.Cut(s, "~")
	if given {
		if c.skip, err = strconv.Atoi(skip); err != nil || c.skip < 1 || c.skip > maxSkip {
			return cursor{}, fmt.Errorf("%q is not the next of a page", s)
		}
	}
	if at != "" {
		if c.at, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return cursor{}, fmt.Errorf("%q is neither a time like 2026-03-01T09:00:00Z nor the next of a page", s)
		}
	}
	return c, nil
}

// before is the time for the RunFilter. PostgreSQL keeps microseconds, so one more includes the runs at c.at.
func (c cursor) before() time.Time {
	if c.at.IsZero() || c.skip == 0 {
		return c.at
	}
	return c.at.Add(time.Microsecond)
}

// behind are those of the views, which begin at c.at, that come behind the place. Rows may have gone since the page
// before, as successes are folded; then fewer are left to skip.
func (c cursor) behind(views []job.RunView) []job.RunView {
	n := 0
	for n < min(c.skip, len(views)) && views[n].EndedAt.Equal(c.at) {
		n++
	}
	return views[n:]
}

// after is the place behind the page that began at c.
func (c cursor) after(page []job.RunView) cursor {
	at := page[len(page)-1].EndedAt
	next := cursor{at: at}
	for i := len(page) - 1; i >= 0 && page[i].EndedAt.Equal(at); i-- {
		next.skip++
	}
	if next.skip == len(page) && c.at.Equal(at) {
		next.skip += c.skip
	}
	return next
}
