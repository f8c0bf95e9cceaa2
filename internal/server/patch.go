package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
)

const mergePatchType = "application/merge-patch+json"

// modifyTries bounds how often a patch is merged again because somebody else changed the job in between.
const modifyTries = 10

func (s *Server) registerModify(api huma.API) {
	p := newPatcher(api.OpenAPI().Components.Schemas)
	huma.Register(api, huma.Operation{
		OperationID: "modify-job", Method: http.MethodPatch, Path: "/v1/jobs/{id}", Summary: "Change parts of a job",
		Description: "The body is a JSON merge patch (RFC 7396) over the job's definition: what it names is changed, " +
			"null takes the " +
			"default, objects merge, lists are replaced. With If-Match it is refused with 412 unless the job " +
			"has that ETag. " +
			"Anchor, next run time and pause are kept unless the trigger changes.",
		MaxBodyBytes: maxBody + 1, BodyReadTimeout: 5 * time.Second,
		Errors: []int{400, 403, 404, 409, 412, 413, 415, 422, 503},
	}, func(ctx context.Context, in *modifyInput) (*jobOutput, error) { return s.modifyJob(ctx, in, p) })
	body := api.OpenAPI().Paths["/v1/jobs/{id}"].Patch.RequestBody
	body.Content = map[string]*huma.MediaType{mergePatchType: {Schema: p.schema},
		"application/json": {Schema: p.schema}}
}

type modifyInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag that the job must have"`
	Reason  string `query:"reason" maxLength:"1000" doc:"Why"`
	RawBody []byte `contentType:"application/merge-patch+json"`
}

func (in *modifyInput) Resolve(huma.Context) []error { return checkReason("query.reason", in.Reason) }

// modifyJob merges the patch with the job as it stands, and again when somebody else was faster.
func (s *Server) modifyJob(ctx context.Context, in *modifyInput, p *patcher) (*jobOutput, error) {
	if !job.ValidID(in.ID) {
		return nil, noJob(in.ID)
	}
	patch, err := p.read(in.RawBody)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		o, err := s.Store.Job(ctx, in.ID)
		if err != nil {
			return nil, s.problem(ctx, "modify job", in.ID, err)
		}
		if !matches(in.IfMatch, o) {
			return nil, notMatched(in.ID, in.IfMatch)
		}
		d, err := p.merge(o, patch)
		if err != nil {
			return nil, err
		}
		c, err := s.Store.Modify(ctx, in.ID, o.Revision, d, authorOf(ctx, in.Reason))
		if !errors.Is(err, job.ErrChanged) || try == modifyTries {
			return s.edited(ctx, "modify job", in.ID, c, err)
		}
	}
}

// etag is the entity tag of a job: its revision.
func etag(o job.Overview) string { return strconv.Quote(strconv.FormatInt(o.Revision, 10)) }

// matches says whether the job is one that an If-Match header (RFC 9110, section 13.1.1) allows to change.
func matches(ifMatch string, o job.Overview) bool {
	if ifMatch == "" {
		return true
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == etag(o) {
			return true
		}
	}
	return false
}

func notMatched(id, ifMatch string) error {
	return huma.Error412PreconditionFailed(fmt.Sprintf("the job %q no longer has the revision %s: look at it, and "+
		"change what is there now", id, ifMatch))
}

// patcher merges patches with definitions, and holds the results to the schema and the rules that PUT has.
type patcher struct {
	registry huma.Registry
	schema   *huma.Schema
	readOnly map[string]bool // what GET shows of a job beside its definition
}

func newPatcher(r huma.Registry) *patcher {
	p := &patcher{registry: r, schema: r.Schema(reflect.TypeFor[client.JobDefinition](), true, ""),
		readOnly: map[string]bool{}}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[client.Job]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && len(f.Index) == 1 {
			p.readOnly[name] = true
		}
	}
	return p
}

// remedies name what changes some of the fields that a patch may not.
var remedies = map[string]string{
	"next_run_time": "; POST …/reschedule moves it", "state": "; POST …/pause and …/resume change it",
	"paused_at": "; POST …/pause sets it",
}

// patch is a merge patch that may be merged.
type patch map[string]any

// read checks what can be checked without the job: fields that nobody may set, and fields that do not exist.
func (p *patcher) read(text []byte) (patch, error) {
	var body any
	if len(text) > maxBody {
		return nil, newProblem(http.StatusRequestEntityTooLarge, "")
	}
	err := readJSON(text, &body)
	fields, isObject := body.(map[string]any)
	switch {
	case err != nil:
		return nil, huma.Error400BadRequest(fmt.Sprintf("the body is no JSON object of the fields to change, as "+
			"in {\"max_instances\": 2}: %v", err))
	case !isObject:
		return nil, huma.Error400BadRequest(`the body must be a JSON object, such as {"max_instances": 2}`)
	}
	var bad []error
	for name := range fields {
		switch {
		case name == "id":
			bad = append(bad, &huma.ErrorDetail{Location: "body.id",
				Message: "cannot be changed; add the job under the other id, and remove this one"})
		case p.readOnly[name]:
			bad = append(bad, &huma.ErrorDetail{Location: "body." + name, Message: "is read-only" + remedies[name]})
		}
	}
	if bad = append(bad, p.unknown(p.schema, fields, "body")...); len(bad) > 0 {
		return nil, newProblem(http.StatusUnprocessableEntity, "", bad...)
	}
	return readObject(text) // again, as a number of the user's is told as it was written
}

// unknown lists the fields that an object of the schema does not have, in its own spelling.
func (p *patcher) unknown(s *huma.Schema, fields map[string]any, place string) (bad []error) {
	if s.Ref != "" {
		s = p.registry.SchemaFromRef(s.Ref)
	}
	if s.Properties == nil { // names of the user's own
		return nil
	}
	for name, value := range fields {
		field, known := s.Properties[name]
		inner, isObject := value.(map[string]any)
		switch at := place + "." + name; {
		case place == "body" && p.readOnly[name]: // said already
		case !known:
			bad = append(bad, &huma.ErrorDetail{Location: at, Message: "is not a known field"})
		case isObject:
			bad = append(bad, p.unknown(field, inner, at)...)
		}
	}
	return bad
}

// merge is the definition that the patch makes of a job, or a problem document with all that is wrong with it.
func (p *patcher) merge(o job.Overview, patch patch) (d job.Definition, err error) {
	text, err := json.Marshal(form.Write(&o.Definition))
	if err != nil {
		return d, fmt.Errorf("write the job: %w", err)
	}
	present, err := readObject(text)
	if err == nil {
		text, err = json.Marshal(merged(present, patch))
	}
	if err != nil {
		return d, fmt.Errorf("merge the patch: %w", err)
	}
	var fields any
	if err := readJSON(text, &fields); err != nil {
		return d, huma.Error400BadRequest(err.Error())
	}
	result := &huma.ValidateResult{}
	huma.Validate(p.registry, p.schema, huma.NewPathBuffer([]byte("body"), 4), huma.ModeWriteToServer, fields, result)
	var w client.JobDefinition
	if err := readJSON(text, &w); err != nil && len(result.Errors) == 0 {
		result.Errors = append(result.Errors, &huma.ErrorDetail{Location: "body", Message: err.Error()})
	}
	d, wrong := form.Read(w)
	_, retriggered := patch["trigger"]
	for i := range wrong {
		if wrong[i].Field == "trigger" && o.Trigger == nil && !retriggered {
			wrong[i].Message = "of the stored job cannot be read, and must be given anew, as in {\"type\": " +
				"\"interval\", \"every\": \"30s\"} or by `scheduler reschedule " + o.ID + " --every 30s`"
		}
	}
	if result.Errors = append(result.Errors, details(wrong, "path.id")...); len(result.Errors) > 0 {
		return d, newProblem(http.StatusUnprocessableEntity, "", result.Errors...)
	}
	if !retriggered {
		d.Trigger = o.Trigger
	}
	return d, nil
}
