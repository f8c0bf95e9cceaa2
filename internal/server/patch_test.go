package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/server"
	"github.com/pgdue/pgdue/internal/storetest"
)

const reportJob = `{"id": "r", "trigger": {"type": "date"}, "exec": {"command": ["a", "b"], "env": {"A": "1", "B": "2"}},
	"max_attempts": 3, "retry": {"min": "1s", "max": "1m"}, "retry_on": ["failed", "exit:75"], "timeout": "90s", "labels": {"team": "web", "tier": "1"}}`

// A merge patch as RFC 7396 has it: null takes the default, objects merge, lists are replaced, the rest stays.
func TestPatchMerges(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	for name, tt := range map[string]struct {
		patch string
		want  func(*client.JobDefinition)
	}{
		"number":            {`{"max_instances": 5}`, func(d *client.JobDefinition) { *d.MaxInstances = 5 }},
		"default of a text": {`{"timeout": null}`, func(d *client.JobDefinition) { d.Timeout = "" }},
		"default of a list": {`{"retry_on": null}`, func(d *client.JobDefinition) { d.RetryOn = nil }},
		"list": {`{"retry_on": ["lost"]}`,
			func(d *client.JobDefinition) { d.RetryOn = []string{"lost"} }},
		"objects": {`{"labels": {"team": null, "owner": "ada"}}`,
			func(d *client.JobDefinition) { d.Labels = map[string]string{"tier": "1", "owner": "ada"} }},
		"objects in objects": {`{"exec": {"env": {"A": "", "B": null}}}`,
			func(d *client.JobDefinition) { d.Exec.Env = map[string]string{"A": ""} }},
		"a field of one": {`{"retry": {"min": null}}`, func(d *client.JobDefinition) { d.Retry.Min = "" }},
		"other work": {`{"exec": null, "http": {"url": "https://example.org/", "method": null}}`,
			func(d *client.JobDefinition) {
				d.Exec, d.HTTP = nil, &client.HTTP{URL: "https://example.org/"}
			}},
		"another trigger": {`{"trigger": {"type": "interval", "every": "300s"}}`, func(d *client.JobDefinition) {
			d.Trigger = &client.Trigger{Type: "interval", Every: "5m"}
		}},
		"nothing": {`{}`, func(*client.JobDefinition) {}},
	} {
		t.Run(name, func(t *testing.T) {
			before := decode[client.Job](t, do(h, "PUT", "/v1/jobs/r", reportJob), "application/json")
			w := do(h, "PATCH", "/v1/jobs/r", tt.patch, "Content-Type", "application/merge-patch+json")
			got := decode[client.Job](t, w, "application/json")
			want := before.JobDefinition
			tt.want(&want)
			if diff := cmp.Diff(want, got.JobDefinition); diff != "" || w.Code != http.StatusOK {
				t.Errorf("%d, patched (-want +got):\n%s", w.Code, diff)
			}
			if changed := got.Revision != before.Revision; changed != (name != "nothing") {
				t.Errorf("revision is %d after %d", got.Revision, before.Revision)
			}
			if w.Header().Get("ETag") != fmt.Sprintf("%q", fmt.Sprint(got.Revision)) {
				t.Errorf("ETag is %s, revision %d", w.Header().Get("ETag"), got.Revision)
			}
		})
	}
}

func TestRefusedPatches(t *testing.T) {
	const unknown = "is not a known field"
	t.Parallel()
	s, _, log := newServer(t)
	h := s.Handler()
	for name, tt := range map[string]struct {
		patch  string
		status int
		want   []client.FieldProblem
	}{
		"id": {`{"id": "r"}`, 422,
			[]client.FieldProblem{{Location: "body.id",
				Message: "cannot be changed; add the job under the other id, and remove this one"}}},
		"read-only": {`{"next_run_time": null, "running": 1, "max_instances": 2}`, 422,
			[]client.FieldProblem{{Location: "body.next_run_time", Message: "is read-only; POST …/reschedule moves it"},
				{Location: "body.running", Message: "is read-only"}}},
		"unknown": {`{"max_instance": 2, "labels": {"a": "b"}}`, 422,
			[]client.FieldProblem{{Location: "body.max_instance", Message: unknown}}},
		"unknown that is null": {`{"timeuot": null, "retry": {"mni": null}, "labels": {"nosuch": null}}`, 422,
			[]client.FieldProblem{{Location: "body.retry.mni", Message: unknown},
				{Location: "body.timeuot", Message: unknown}}},
		"type": {`{"max_instances": "two"}`, 422,
			[]client.FieldProblem{{Location: "body.max_instances", Message: "expected integer", Value: "two"}}},
		"number out of range": {`{"max_instances": 1e30}`, 422,
			[]client.FieldProblem{{Location: "body",
				Message: "max_instances: 1e30 is too large, or not written as a whole number in digits"}}},
		"rules": {`{"max_instances": 0, "trigger": null, "http": {"url": "x"}}`, 422, []client.FieldProblem{
			{Location: "body.http", Message: "stands beside exec; a job has exactly one of exec, http"},
			{Location: "body.max_instances", Message: "0 is outside 1 to 1000000; 1 means that runs never overlap"},
			{Location: "body.trigger",
				Message: `is missing; say when the job fires, as in {"type": "interval", "every": "30s"}`}}},
		"list":   {`[{"op": "remove", "path": "/timeout"}]`, 400, nil},
		"null":   {`null`, 400, nil},
		"broken": {`{"a": `, 400, nil},
		"deep":   {strings.Repeat(`{"trigger": `, 200) + "1" + strings.Repeat("}", 200), 400, nil},
		"empty":  {``, 400, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := do(h, "PUT", "/v1/jobs/r", reportJob).Body.String()
			w := do(h, "PATCH", "/v1/jobs/r", tt.patch)
			got := decode[client.Problem](t, w, "application/problem+json")
			if diff := cmp.Diff(tt.want, got.Errors); diff != "" || w.Code != tt.status {
				t.Errorf("%d %s, errors (-want +got):\n%s", w.Code, got.Detail, diff)
			}
			if after := do(h, "GET", "/v1/jobs/r", "").Body.String(); after != before || log.Len() > 0 {
				t.Errorf("the job is %s\nwas %s\nlog: %s", after, before, log)
			}
		})
	}
}

func TestPatchIsAnObject(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/r", reportJob)
	const object = `the body must be a JSON object, such as {"max_instances": 2}`
	const broken = `the body is no JSON object of the fields to change, as in {"max_instances": 2}: `
	for patch, want := range map[string]string{
		`[1]`: object, `null`: object, `"x"`: object, `7`: object,
		`{"a": `: broken + "unexpected end of JSON input", `{"max_instances": 1e400}`: broken + "1e400 is too large",
	} {
		w := do(h, "PATCH", "/v1/jobs/r", patch)
		if got := decode[client.Problem](t, w, "application/problem+json"); w.Code != 400 || got.Detail != want {
			t.Errorf("%s: %d %s, want %s", patch, w.Code, got.Detail, want)
		}
	}
}

// max_waiting bounds what is asked for by hand too, so it goes with every overlap.
func TestMaxWaitingGoesWithEveryOverlap(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	job := decode[client.Job](t, do(h, "PUT", "/v1/jobs/r", reportJob), "application/json")
	again, err := json.Marshal(job.JobDefinition)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, body string }{
		{"PUT", string(again)},
		{"PATCH", `{"max_waiting": 50}`},
		{"PATCH", `{"max_waiting": 5, "overlap": "wait"}`},
		{"PATCH", `{"max_waiting": 6}`},
		{"PATCH", `{"overlap": "skip"}`},
		{"PATCH", `{"max_waiting": null}`},
	} {
		if w := do(h, tt.method, "/v1/jobs/r", tt.body); w.Code != http.StatusOK {
			t.Errorf("%s %s: %d %s", tt.method, tt.body, w.Code, w.Body)
		}
	}
}

// A job whose stored trigger nobody can read is changed with another one only.
func TestPatchOfAJobWithoutATrigger(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/r", reportJob)
	storetest.Exec(t, conn, `UPDATE pgdue.jobs SET trigger = '{"type": "moon"}'`)
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET state = 'blocked', error = 'no such "+
		"trigger', due_at = NULL")
	w := do(h, "PATCH", "/v1/jobs/r", `{"max_instances": 2}`)
	got := decode[client.Problem](t, w, "application/problem+json")
	want := []client.FieldProblem{{Location: "body.trigger",
		Message: "of the stored job cannot be read, and must be given anew, " +
			"as in {\"type\": \"interval\", \"every\": \"30s\"} or by `scheduler reschedule r --every 30s`"}}
	if diff := cmp.Diff(want, got.Errors); diff != "" || w.Code != 422 {
		t.Errorf("%d, errors (-want +got):\n%s", w.Code, diff)
	}
	if w := do(h, "PATCH", "/v1/jobs/r",
		`{"max_instances": 2, "trigger": {"type": "interval", "every": "30s"}}`); w.Code != http.StatusOK {
		t.Errorf("with a trigger: %d %s", w.Code, w.Body)
	}
}

// With If-Match only the job as it was seen is changed, by PATCH and by PUT.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	tag := do(h, "PUT", "/v1/jobs/r", reportJob).Header().Get("ETag")
	if got := do(h, "GET", "/v1/jobs/r", "").Header().Get("ETag"); got != tag || tag != `"1"` {
		t.Errorf("ETag is %s, then %s", tag, got)
	}
	for _, tt := range []struct {
		method, target, body, ifMatch string
		want                          int
	}{
		{"PATCH", "/v1/jobs/r", `{"max_instances": 2}`, `"1"`, 200},
		{"PATCH", "/v1/jobs/r", `{"max_instances": 3}`, `"1"`, 412},
		{"PATCH", "/v1/jobs/r", `{"max_instances": 3}`, `"9", "2"`, 200},
		{"PATCH", "/v1/jobs/r", `{"max_instances": 4}`, `*`, 200},
		{"PATCH", "/v1/jobs/r", `{"max_instances": 5}`, `W/"4"`, 412},
		{"PUT", "/v1/jobs/r", reportJob, `"1"`, 412},
		{"PUT", "/v1/jobs/r", reportJob, `"4"`, 200},
		{"PUT", "/v1/jobs/nosuch", strings.Replace(reportJob, `"r"`, `"nosuch"`, 1), `*`, 412},
		{"PATCH", "/v1/jobs/nosuch", `{}`, `*`, 404},
	} {
		if w := do(h, tt.method, tt.target, tt.body, "If-Match", tt.ifMatch); w.Code != tt.want {
			t.Errorf("%s %s %s with If-Match %s: %d %s, want %d", tt.method, tt.target, tt.body, tt.ifMatch, w.Code,
				w.Body, tt.want)
		}
	}
}

// contested is a store in which somebody else changes a label before each of the first changes.
type contested struct {
	server.Store
	others int
}

func (c *contested) Modify(
	ctx context.Context, id string, from int64, d job.Definition, by job.Author,
) (policy.Change, error) {
	if c.others > 0 {
		c.others--
		o, err := c.Job(ctx, id)
		if err != nil {
			return policy.Change{}, err
		}
		other := o.Definition
		other.Labels = map[string]string{"others": fmt.Sprint(c.others)}
		if _, err := c.Store.Modify(ctx, id, o.Revision, other, job.Author{}); err != nil {
			return policy.Change{}, err
		}
	}
	return c.Store.Modify(ctx, id, from, d, by)
}

// A patch is merged with what somebody else has changed meanwhile, and given up when that goes on for ever.
func TestPatchIsMergedAgain(t *testing.T) {
	t.Parallel()
	s, _, log := newServer(t)
	store := &contested{Store: s.Store, others: 3}
	s.Store = store
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/r", reportJob)
	got := decode[client.Job](t, do(h, "PATCH", "/v1/jobs/r", `{"max_instances": 7}`), "application/json")
	if *got.MaxInstances != 7 || got.Labels["others"] != "0" {
		t.Errorf("max_instances %d, labels %v", *got.MaxInstances, got.Labels)
	}
	store.others = 1000
	if w := do(h, "PATCH", "/v1/jobs/r", `{"max_instances": 8}`); w.Code != http.StatusConflict {
		t.Errorf("changed all the time: %d %s", w.Code, w.Body)
	}
	store.others = 1
	if w := do(h, "PATCH", "/v1/jobs/r", `{"max_instances": 8}`, "If-Match",
		do(h, "GET", "/v1/jobs/r", "").Header().Get("ETag")); w.Code != http.StatusPreconditionFailed {
		t.Errorf("changed by somebody else behind If-Match: %d %s", w.Code, w.Body)
	}
	if log.Len() > 0 {
		t.Errorf("it was logged:\n%s", log)
	}
}

func TestPatchIsDescribed(t *testing.T) {
	s, _ := serverOver(nil)
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema map[string]any }
			}
		}
	}
	if err := json.Unmarshal(do(s.Handler(), "GET", "/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"application/merge-patch+json", "application/json"} {
		got := doc.Paths["/v1/jobs/{id}"]["patch"].RequestBody.Content[kind].Schema["$ref"]
		if got != "#/components/schemas/JobDefinition" {
			t.Errorf("the body as %s is %v", kind, got)
		}
	}
}
