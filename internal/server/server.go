// Package server is the HTTP API: it turns requests into calls of its Store, and what comes back into the wire types of
// package client. The API describes itself as OpenAPI 3.1 at /openapi.json and /openapi.yaml.
//
//	request ─▶ recover ─▶ guard (host, origin, content type) ─▶ route ─▶ schema ─▶ rules of the domain ─▶ Store
//	              │              │                                │        └──── 422 ────┘                  │
//	             500      421, 403, 415                       404, 405                             404, 409, 422, 503
//
// Invariants:
//
//   - Every error answer is a problem document (RFC 9457) that says what to do. A 422 lists all wrong fields at once.
//   - Types and names of fields are checked by the schema, everything else by the domain, so that each rule lives once.
//   - A web page that the user visits cannot drive the API: requests from other origins are refused, a loopback server
//     answers to loopback names only (so no DNS rebinding), and a body must be declared as JSON.
//   - What the database says is for the log; the answer holds no part of it.
package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/trigger"
	"github.com/pgdue/pgdue/internal/why"
)

// Store is what the API needs to be done. Errors are those of package scheduler; all others mean that the database
// could not be used.
type Store interface {
	// Add creates a job. It fails with ErrExists when the id is taken by a job that is not finished, with an
	// *InvalidError when the trigger can never fire.
	Add(ctx context.Context, d job.Definition, by job.Author) (policy.Change, error)
	// Put creates a job or replaces its definition. An equal definition changes nothing.
	Put(ctx context.Context, d job.Definition, by job.Author) (policy.Change, error)
	// Job returns a job or ErrNotFound.
	Job(ctx context.Context, id string) (job.Overview, error)
	// Jobs returns at most limit jobs whose ids come after the given one, in the order of their ids.
	Jobs(ctx context.Context, after string, limit int) ([]job.Overview, error)
	// Remove removes a job; ErrNotFound when there is none.
	Remove(ctx context.Context, id string, by job.Author) (policy.Change, error)
	// Pause pauses a job, Resume ends its pause; ErrNotFound, ErrFinished, ErrBlocked.
	Pause(ctx context.Context, id string, by job.Author) (policy.Change, error)
	Resume(ctx context.Context, id string, runMissed bool, by job.Author) (policy.Change, error)
	// Modify is Put for a job that has the revision from; ErrNotFound, ErrChanged when it has another.
	Modify(ctx context.Context, id string, from int64, d job.Definition, by job.Author) (policy.Change, error)
	// SkipNext skips a job's next fire; ErrNotFound, ErrFinished, ErrBlocked, ErrNoNextFire.
	SkipNext(ctx context.Context, id string, by job.Author) (policy.Change, error)
	// Reschedule gives a job another trigger; ErrNotFound, an *InvalidError when it can never fire.
	Reschedule(ctx context.Context, id string, t *trigger.Trigger, by job.Author) (policy.Change, error)
	// MoveNext moves a job's next fire; ErrNotFound, ErrBlocked, ErrNoNextFire, an *InvalidError when it cannot be
	// then.
	MoveNext(ctx context.Context, id string, at time.Time, by job.Author) (policy.Change, error)
	// Events returns what was done to a job, newest first, and whether there is more behind it.
	Events(ctx context.Context, f job.EventFilter) (page []job.Event, more bool, err error)
	// RunNow lets a run of a job wait, so that it begins as soon as an instance is free, and is given the payload, ""
	// for none. It is the one in Change.Wait; ErrNotFound, ErrBlocked, ErrPaused.
	RunNow(ctx context.Context, id, payload string, by job.Author) (policy.Change, error)
	// PauseMany pauses a label or everything, ResumeMany ends that; ErrNotFound for a label that no job has.
	PauseMany(ctx context.Context, s job.Scope, by job.Author) (job.Paused, error)
	ResumeMany(ctx context.Context, s job.Scope, runMissed bool, by job.Author) (job.Resumed, error)
	// Pauses lists what is paused: everything, labels, and at most limit jobs by id.
	Pauses(ctx context.Context, limit int) ([]job.Pause, error)
	// Cancel ends a run, or asks its node to; ErrNotFound, ErrEnded. CancelAll does so for all runs of a job.
	Cancel(ctx context.Context, jobID string, runID uuid.UUID, by job.Author) (job.Cancellation, error)
	CancelAll(ctx context.Context, jobID string, by job.Author) (job.Cancellation, error)
	// Runs returns the runs of a job, newest first.
	Runs(ctx context.Context, f job.RunFilter) ([]job.RunView, error)
	// Run returns all that is known about one run, attempts ascending; nothing or ErrNotFound when it is unknown.
	Run(ctx context.Context, jobID string, runID uuid.UUID) ([]job.RunView, error)
	// Why gathers why a job does what it does, and what became of its fire time at at, unless that is zero. A job that
	// is not there is not an error.
	Why(ctx context.Context, id string, at time.Time) (why.Facts, error)
	// Alerts returns the alerts of a job id, newest first.
	Alerts(ctx context.Context, f job.AlertFilter) ([]job.Alert, error)
}

// Server makes the API's handler. Its fields do not change after the call of Handler.
type Server struct {
	Store   Store
	Log     *slog.Logger
	Version string // of this binary, for /version and the OpenAPI document
	TZData  string // version of the time zone database, for /version
	// Ready says why this node does not claim due runs yet, nil when it does. It is asked by each /readyz.
	Ready func(context.Context) error
	// Warnings are sentences that /readyz adds, about what a person should look after although the node is ready; nil
	// for none.
	Warnings func() []string
	// Metrics answers /metrics; nil where there are none.
	Metrics http.Handler
	// Loopback is set when the server listens on a loopback address: it then refuses requests for other hosts.
	Loopback bool
}

// maxBody is the longest body of a request in bytes.
const maxBody = 1 << 20

func init() {
	// huma keeps these two for the whole program, which has one API.
	huma.NewError = newProblem
	huma.ValidateStrictCasing = true
}

// Handler returns the API, guards included. The timeouts of connections are the http.Server's.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "pgdue",
				Version:     s.Version,
				Description: "A persistent scheduler on PostgreSQL.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})
	s.registerJobs(api)
	s.registerEdits(api)
	s.registerPreview(api)
	s.registerPauses(api)
	s.registerRuns(api)
	s.registerCancel(api)
	s.registerWhy(api)
	s.registerAlerts(api)
	s.registerHealth(api)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	serveDocument(mux, api.OpenAPI())
	return s.recovered(s.guarded(routed(mux)))
}

// serveDocument renders the OpenAPI document once.
func serveDocument(mux *http.ServeMux, doc *huma.OpenAPI) {
	asJSON, err := json.Marshal(doc)
	if err != nil {
		panic(err) // the document is made of the code: it is complete or never was
	}
	asYAML, err := doc.YAML()
	if err != nil {
		panic(err)
	}
	serve := func(path, contentType string, body []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Write(body)
		})
	}
	serve("/openapi.json", "application/openapi+json", asJSON)
	serve("/openapi.yaml", "application/openapi+yaml", asYAML)
}
