package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
)

// problem is a client.Problem that huma can answer.
type problem struct{ client.Problem }

// GetStatus is for huma.
func (p *problem) GetStatus() int { return p.Status }

// ContentType is for huma.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// newProblem is huma's constructor of all errors: the schema's, the domain's and the handlers'.
func newProblem(status int, detail string, errs ...error) huma.StatusError {
	if status == http.StatusInternalServerError && detail == unreadBody { // the sender is to blame, and huma says 500
		return newProblem(http.StatusBadRequest,
			"the body did not arrive whole: it ended early, or its chunks are malformed")
	}
	p := &problem{client.Problem{Title: http.StatusText(status), Status: status, Detail: detail}}
	switch status {
	case http.StatusBadRequest:
		if len(errs) > 0 {
			p.Detail = "the body cannot be read as JSON"
		}
	case http.StatusRequestEntityTooLarge:
		p.Detail = fmt.Sprintf("the body is longer than %d bytes (1 MiB)", maxBody)
	case http.StatusUnprocessableEntity:
		p.Detail = "the request is not valid; errors says what to change"
	}
	told := map[string]bool{}
	judged := firstOf(errs)
	for _, err := range judged {
		p.add(err, told)
	}
	slices.SortStableFunc(p.Errors, func(a, b client.FieldProblem) int { return cmp.Compare(a.Location, b.Location) })
	if more := len(p.Errors) - maxErrors; more > 0 {
		p.Errors = p.Errors[:maxErrors]
		more += len(errs) - len(judged)
		p.Detail += fmt.Sprintf("; %d more are left out", more)
	}
	return p
}

// tooShort are huma's words for a text that may not be empty.
var tooShort = fmt.Sprintf(validation.MsgExpectedMinLength, 1)

// unreadBody are huma's words for a body that it could not read to its end.
const unreadBody = "cannot read request body"

const (
	maxJudged   = 1000 // of so many wrong fields those to list are chosen; the rest is counted
	maxErrors   = 50   // how many wrong fields one answer lists
	maxLocation = 300  // how many bytes may say where one stands; the user chooses names of fields
)

// firstOf are the errors from which those to list are chosen: the first by where they stand, since the schema finds
// unknown fields in the order of a map.
func firstOf(errs []error) []error {
	if len(errs) <= maxJudged {
		return errs
	}
	where := func(err error) string {
		if d, ok := err.(huma.ErrorDetailer); ok {
			return d.ErrorDetail().Location
		}
		return ""
	}
	sorted := slices.SortedStableFunc(slices.Values(errs), func(a, b error) int {
		return cmp.Compare(where(a), where(b))
	})
	return sorted[:maxJudged]
}

// add appends one wrong field, unless one that was told stands there or above: what the schema could not read is not
// missing too.
func (p *problem) add(err error, told map[string]bool) {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		d = &huma.ErrorDetail{Message: err.Error()}
	}
	location := d.Location
	if len(location) > maxLocation {
		location = strings.ToValidUTF8(location[:maxLocation], "") + "…"
	}
	if covered(location, told) {
		return
	}
	told[location] = true
	f := client.FieldProblem{Location: location, Message: d.Message}
	switch {
	case d.Message == "unexpected property", d.Message == "unknown query parameter":
		f.Message = "is not a known field"
	case d.Message == tooShort:
		f.Message = form.Empty
	case location == "path.run_id":
		f.Message = "is not the id of a run, which is a UUID as `scheduler runs JOB` shows it"
		f.Value = scalar(d)
	default:
		f.Value = scalar(d)
	}
	p.Errors = append(p.Errors, f)
}

// covered says whether told holds a location or one above it.
func covered(location string, told map[string]bool) bool {
	for end := len(location); end >= 0; end = strings.LastIndexAny(location[:end], ".[") {
		if told[location[:end]] {
			return true
		}
	}
	return false
}

// scalar is the value of d where it is short: not the whole body or object, which may hold secrets of other fields.
func scalar(d *huma.ErrorDetail) any {
	switch v := d.Value.(type) {
	case bool, float64, int64:
		return v
	case string:
		if v != "" && len(v) <= 60 && d.Location != "body" {
			return v
		}
	}
	return nil
}

// problem is the answer to an error of the Store while it was to do act with the job of that id ("" for none). Trouble
// with the database is logged here, and only here.
func (s *Server) problem(ctx context.Context, act, id string, err error) error {
	var invalid *job.InvalidError
	switch {
	case errors.As(err, &invalid):
		return newProblem(http.StatusUnprocessableEntity, "", details(invalid.Fields, "body.id")...)
	case errors.Is(err, job.ErrNotFound):
		return noJob(id)
	case errors.Is(err, job.ErrBlocked), errors.Is(err, job.ErrPaused), errors.Is(err, job.ErrFinished),
		errors.Is(err, job.ErrNoNextFire), errors.Is(err, job.ErrChanged):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, job.ErrNoRoom):
		return huma.Error429TooManyRequests(err.Error())
	case errors.Is(err, job.ErrExists):
		return taken(id)
	}
	if ctx.Err() == nil { // else nobody waits for the answer any more
		s.Log.Error("request could not be served", "act", act, "job", id, "err", err)
	}
	switch {
	case errors.Is(err, job.ErrReadOnly):
		return huma.Error503ServiceUnavailable(job.ErrReadOnly.Error())
	case errors.Is(err, job.ErrLocked):
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(job.ErrLocked.Error()),
			http.Header{"Retry-After": {"5"}})
	case errors.Is(err, job.ErrCommitUnknown):
		return huma.Error503ServiceUnavailable("it is not known whether the change was made: look at the job " +
			"before trying again")
	// neither the request nor the connection is to blame, and again would not help
	case errors.Is(err, job.ErrRejected):
		return huma.Error500InternalServerError("the database refused the row, and would refuse it again: see " +
			"the server's log")
	}
	return huma.Error503ServiceUnavailable(fmt.Sprintf("the database did not answer: %s; see the server's log",
		strings.TrimSpace(act+" "+id)))
}

// taken has a type of its own: other conflicts are no reason to replace a job.
func taken(id string) error {
	return &problem{client.Problem{Type: client.TypeExists, Title: http.StatusText(http.StatusConflict),
		Status: http.StatusConflict,
		Detail: fmt.Sprintf("the id %q is taken by a job that is not finished; replace that job with PUT %s "+
			"(`scheduler add %s --replace …`), or choose another id", id, client.JobPath(id), id)}}
}

func noJob(id string) error { return huma.Error404NotFound(fmt.Sprintf("there is no job %q", id)) }

// write answers p outside of huma.
func (p *problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p.Problem) // an error here means that the client has gone
}

func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	p := &problem{client.Problem{Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}}
	p.write(w)
}
