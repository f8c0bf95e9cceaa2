package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultBaseURL is where `scheduler dev` and `scheduler serve` listen unless they are told otherwise.
const DefaultBaseURL = "http://127.0.0.1:8080"

// Client calls a scheduler. The zero value calls DefaultBaseURL. It is safe for concurrent use.
type Client struct {
	// BaseURL is scheme, host and, behind a proxy, a path: "http://127.0.0.1:8080". Empty is DefaultBaseURL.
	BaseURL string
	// HTTPClient sends the requests; nil is one that gives up after 30 s.
	HTTPClient *http.Client
	// Actor says who asks for changes, for those who read of them later: "ada@web-1". It is a claim, not a proof. Empty
	// is somebody at the address that the request comes from.
	Actor string
}

// ActorHeader is the request header that says who asks.
const ActorHeader = "Pgdue-Actor"

var defaultHTTPClient = &http.Client{Timeout: 30 * time.Second}

// maxAnswer bounds what is read of an answer: a page of 1,000 runs with 64 KiB of output each.
const maxAnswer = 128 << 20

// AddJob creates a job. It fails with IsExists when the id is taken by a job that is not finished.
func (c *Client) AddJob(ctx context.Context, d JobDefinition) (Job, error) {
	var j Job
	_, err := c.call(ctx, http.MethodPost, "/v1/jobs", nil, d, &j)
	return j, err
}

// PutJob creates a job or replaces its definition. An equal definition changes nothing, not even Revision; the anchor
// and the next run time are kept unless the trigger changes.
func (c *Client) PutJob(ctx context.Context, d JobDefinition) (j Job, created bool, err error) {
	status, err := c.call(ctx, http.MethodPut, JobPath(d.ID), nil, d, &j)
	return j, status == http.StatusCreated, err
}

// Job returns a job, or IsNotFound.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var j Job
	_, err := c.call(ctx, http.MethodGet, JobPath(id), nil, nil, &j)
	return j, err
}

// Jobs lists the jobs whose ids come after the given one, "" for all, at most limit; 0 leaves the limit to the
// scheduler.
func (c *Client) Jobs(ctx context.Context, after string, limit int) (JobPage, error) {
	var p JobPage
	_, err := c.call(ctx, http.MethodGet, "/v1/jobs", pageQuery("after", after, limit), nil, &p)
	return p, err
}

// RemoveJob removes a job's definition and schedule. What runs is not stopped. The reason, "" for none, is told
// by its events. It fails with IsNotFound.
func (c *Client) RemoveJob(ctx context.Context, id, reason string) error {
	_, err := c.call(ctx, http.MethodDelete, JobPath(id), pageQuery("reason", reason, 0), nil, nil)
	return err
}

// PauseJob pauses a job: it begins no runs until it is resumed. A paused job stays as it is.
func (c *Client) PauseJob(ctx context.Context, id string, r PauseRequest) (Job, error) {
	var j Job
	_, err := c.call(ctx, http.MethodPost, JobPath(id)+"/pause", nil, r, &j)
	return j, err
}

// ResumeJob ends a job's pause. A job that is not paused stays as it is.
func (c *Client) ResumeJob(ctx context.Context, id string, r ResumeRequest) (Job, error) {
	var j Job
	_, err := c.call(ctx, http.MethodPost, JobPath(id)+"/resume", nil, r, &j)
	return j, err
}

// PauseMany pauses the jobs that have a label, or everything. What is paused already stays as it is. It fails with
// IsNotFound when no job has the label.
func (c *Client) PauseMany(ctx context.Context, r PauseManyRequest) (Paused, error) {
	var p Paused
	_, err := c.call(ctx, http.MethodPost, "/v1/pause", nil, r, &p)
	return p, err
}

// ResumeMany ends the pause of a label or of everything. What is not paused stays as it is.
func (c *Client) ResumeMany(ctx context.Context, r ResumeManyRequest) (Resumed, error) {
	var p Resumed
	_, err := c.call(ctx, http.MethodPost, "/v1/resume", nil, r, &p)
	return p, err
}

// Pauses lists what is paused: everything, labels, and at most limit jobs; 0 leaves the limit to the scheduler.
func (c *Client) Pauses(ctx context.Context, limit int) (Pauses, error) {
	var p Pauses
	_, err := c.call(ctx, http.MethodGet, "/v1/pauses", pageQuery("", "", limit), nil, &p)
	return p, err
}

// RunNow asks for a run of a job. It begins as soon as an instance is free. It fails with IsNotFound, and with a
// Problem of status 429 while as many runs wait as the job's MaxWaiting.
func (c *Client) RunNow(ctx context.Context, id string, r RunRequest) (Run, error) {
	var run Run
	_, err := c.call(ctx, http.MethodPost, JobPath(id)+"/runs", nil, r, &run)
	return run, err
}

// CancelRun cancels a run: one that executes is told to stop, any other that has not ended has ended then. It fails
// with IsNotFound, and with a Problem of status 409 when the run has ended already.
func (c *Client) CancelRun(ctx context.Context, jobID, runID string, r CancelRequest) (Cancellation, error) {
	var done Cancellation
	_, err := c.call(ctx, http.MethodPost, JobPath(jobID)+"/runs/"+url.PathEscape(runID)+"/cancel", nil, r, &done)
	return done, err
}

// CancelRuns cancels all runs of a job, those that wait and those that have begun. It fails with IsNotFound.
func (c *Client) CancelRuns(ctx context.Context, jobID string, r CancelRequest) (Cancellation, error) {
	var done Cancellation
	_, err := c.call(ctx, http.MethodPost, JobPath(jobID)+"/cancel", nil, r, &done)
	return done, err
}

// Runs lists the runs of a job in the order of RunPage. before is the Next of the page before, a time in RFC 3339, or
// "" for the first page; a limit of 0 leaves it to the scheduler. The runs of a removed job stay, so an unknown id has
// none.
func (c *Client) Runs(ctx context.Context, jobID, before string, limit int) (RunPage, error) {
	q := pageQuery("before", before, limit)
	q.Set("job_id", jobID)
	var p RunPage
	_, err := c.call(ctx, http.MethodGet, "/v1/runs", q, nil, &p)
	return p, err
}

// Run returns all attempts of one run, or IsNotFound.
func (c *Client) Run(ctx context.Context, jobID, runID string) (RunDetail, error) {
	var r RunDetail
	_, err := c.call(ctx, http.MethodGet, JobPath(jobID)+"/runs/"+url.PathEscape(runID), nil, nil, &r)
	return r, err
}

// Alerts lists what on_failure did for a job id, newest first. before is the Next of the page before, 0 for the newest;
// a limit of 0 leaves it to the scheduler. The alerts of a removed job stay, so an unknown id has none.
func (c *Client) Alerts(ctx context.Context, jobID string, before int64, limit int) (AlertPage, error) {
	var cursor string
	if before != 0 {
		cursor = strconv.FormatInt(before, 10)
	}
	var p AlertPage
	_, err := c.call(ctx, http.MethodGet, JobPath(jobID)+"/alerts", pageQuery("before", cursor, limit), nil, &p)
	return p, err
}

// Live returns nil when the scheduler answers.
func (c *Client) Live(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodGet, "/livez", nil, nil, nil)
	return err
}

// Ready returns nil when the scheduler claims due runs, else why it does not.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodGet, "/readyz", nil, nil, nil)
	return err
}

// Preview says when a trigger will fire, without storing anything.
func (c *Client) Preview(ctx context.Context, r PreviewRequest) (Preview, error) {
	var p Preview
	_, err := c.call(ctx, http.MethodPost, "/v1/triggers/preview", nil, r, &p)
	return p, err
}

// Version says which version answers.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var v Version
	_, err := c.call(ctx, http.MethodGet, "/version", nil, nil, &v)
	return v, err
}

// JobPath is the path of a job's resource. The ids "." and ".." are escaped too, as a path's steps they would vanish.
func JobPath(id string) string {
	escaped := url.PathEscape(id)
	if id == "." || id == ".." {
		escaped = strings.ReplaceAll(id, ".", "%2E")
	}
	return "/v1/jobs/" + escaped
}

func pageQuery(cursor, value string, limit int) url.Values {
	q := url.Values{}
	if value != "" {
		q.Set(cursor, value)
	}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

// call sends one request with body in as JSON, unless it is nil, and reads the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) (status int, err error) {
	req, err := c.request(ctx, method, path, query, in)
	if err != nil {
		return 0, err
	}
	return c.send(req, out)
}

func (c *Client) send(req *http.Request, out any) (status int, err error) {
	hc := c.HTTPClient
	if hc == nil {
		hc = defaultHTTPClient
	}
	resp, err := hc.Do(req)
	if err != nil {
		return 0, explain(req, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, fmt.Errorf("read the scheduler's answer to %s %s: %w", req.Method, req.URL.Path, err)
	}
	if resp.StatusCode >= 300 {
		return resp.StatusCode, problemOf(resp, data)
	}
	if out == nil {
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return resp.StatusCode, fmt.Errorf("%s is not a scheduler: its answer to %s %s is not one: %w", req.URL.Host,
			req.Method, req.URL.Path, err)
	}
	return resp.StatusCode, nil
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, in any) (*http.Request, error) {
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is not the URL of a scheduler; write it like %s", base, DefaultBaseURL)
	}
	target := strings.TrimSuffix(base, "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode the job: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if c.Actor != "" {
		req.Header.Set(ActorHeader, printable(c.Actor))
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// printable leaves out of a header's value what a header cannot hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// explain says what to do when nobody listens, and leaves other errors as they are.
func explain(req *http.Request, err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" || req.Context().Err() != nil {
		return err
	}
	return fmt.Errorf("no scheduler answers at %s://%s: start one with `scheduler dev` or `scheduler serve`, "+
		"or point --server / PGDUE_URL at it (%w)", req.URL.Scheme, req.URL.Host, op)
}

// problemOf reads a problem document; what else may answer, such as a proxy, is named as one.
func problemOf(resp *http.Response, data []byte) *Problem {
	p := &Problem{}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(data, p) != nil {
		p = &Problem{Detail: fmt.Sprintf("%s answered %s with %q, which no scheduler does; is the URL right?",
			resp.Request.URL.Redacted(), resp.Status, kind)}
	}
	p.Status = resp.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(resp.StatusCode)
	}
	return p
}
