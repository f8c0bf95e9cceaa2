package client

import (
	"context"
	"net/http"
	"strconv"
)

// ModifyJob changes parts of a job by a JSON merge patch (RFC 7396) over its definition, as in
// map[string]any{"max_instances": 2, "timeout": nil}: null takes the default, objects merge, lists are replaced. With a
// revision other than 0 it fails, IsChanged, unless the job has that one. The reason, "" for none, is told by its
// events.
func (c *Client) ModifyJob(ctx context.Context, id string, revision int64, patch any, reason string) (Job, error) {
	var j Job
	req, err := c.request(ctx, http.MethodPatch, JobPath(id), pageQuery("reason", reason, 0), patch)
	if err != nil {
		return j, err
	}
	req.Header.Set("Content-Type", "application/merge-patch+json")
	if revision != 0 {
		req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(revision, 10)))
	}
	_, err = c.send(req, &j)
	return j, err
}

// SkipNext skips a job's next fire: it is recorded as skipped at once and never begins. Job.LastFireTime is the fire
// that was skipped. A job that has no further one is finished.
func (c *Client) SkipNext(ctx context.Context, id string, r SkipNextRequest) (Job, error) {
	var j Job
	_, err := c.call(ctx, http.MethodPost, JobPath(id)+"/skip-next", nil, r, &j)
	return j, err
}

// RescheduleJob gives a job another trigger, or moves its next fire.
func (c *Client) RescheduleJob(ctx context.Context, id string, r RescheduleRequest) (Job, error) {
	var j Job
	_, err := c.call(ctx, http.MethodPost, JobPath(id)+"/reschedule", nil, r, &j)
	return j, err
}

// Events lists what was done to a job, newest first. before is the Next of the page before, 0 for the newest; a limit
// of 0 leaves it to the scheduler. The events of a removed job stay, so an unknown id has none.
func (c *Client) Events(ctx context.Context, id string, before int64, limit int) (EventPage, error) {
	var cursor string
	if before != 0 {
		cursor = strconv.FormatInt(before, 10)
	}
	var p EventPage
	_, err := c.call(ctx, http.MethodGet, JobPath(id)+"/events", pageQuery("before", cursor, limit), nil, &p)
	return p, err
}

// IsChanged says whether err is the answer that the job does not have the revision that was asked for.
func IsChanged(err error) bool { return hasStatus(err, http.StatusPreconditionFailed) }
