package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// TypeExists is the Type of the Problem that an id is taken by a job that is not finished.
const TypeExists = "urn:pgdue:problem:exists"

// Problem is why the scheduler did not do what it was asked: a problem document of RFC 9457. The methods of Client
// return it as *Problem.
type Problem struct {
	Type   string `json:"type,omitempty" doc:"URI of the kind of problem: urn:pgdue:problem:exists, the id is taken by a job that is not finished; absent is about:blank, of which the status says what kind it is"`
	Title  string `json:"title,omitempty" doc:"The status in words"`
	Status int    `json:"status,omitempty" doc:"The HTTP status"`
	Detail string `json:"detail,omitempty" doc:"What is wrong, and what to do"`
	// Errors names each wrong field of the request.
	Errors []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"Each wrong field of the request"`
}

// FieldProblem is one wrong field.
type FieldProblem struct {
	// Location is where it stands in the request: "body.trigger.timezone", "query.limit".
	Location string `json:"location,omitempty" doc:"Where it stands, as in body.trigger.timezone"`
	Message  string `json:"message" doc:"What would be right"`
	Value    any    `json:"value,omitempty" doc:"What was given, where the message does not say it"`
}

// Error is one line for a person: the wrong fields, or the detail where there are none.
func (p *Problem) Error() string {
	if len(p.Errors) > 0 {
		lines := make([]string, len(p.Errors))
		for i, e := range p.Errors {
			lines[i] = e.String()
		}
		return strings.Join(lines, "; ")
	}
	if p.Detail != "" {
		return p.Detail
	}
	return fmt.Sprintf("the scheduler answered %d %s", p.Status, p.Title)
}

// String is "trigger.every: …", with the field's name as in a job.
func (e FieldProblem) String() string {
	field := strings.TrimPrefix(e.Location, "body.")
	if field == "" {
		return e.Message
	}
	if e.Value != nil {
		return fmt.Sprintf("%s: %s (given: %v)", field, e.Message, e.Value)
	}
	return field + ": " + e.Message
}

// IsNotFound says whether err is the answer that there is no such job or run.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsExists says whether err is the answer that the id is taken by a job that is not finished.
func IsExists(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Type == TypeExists
}

func hasStatus(err error, status int) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == status
}
