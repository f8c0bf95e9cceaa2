package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/pgdue/pgdue/client"
)

// loadJobs reads a job file, or stdin when path is "-".
func loadJobs(path string, stdin io.Reader) ([]client.JobDefinition, error) {
	if path == "-" {
		data, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("read the jobs from stdin: %w", err)
		}
		return parseJobs("stdin", data)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the jobs: %w", err)
	}
	return parseJobs(path, data)
}

// parseJobs reads YAML or JSON: an object with a list of jobs, or the list itself. It checks the shape of the whole file:
// names and types of fields, and that each job has an id of its own. Errors begin with name and the job's place.
func parseJobs(name string, data []byte) ([]client.JobDefinition, error) {
	raw, err := splitJobs(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, shapeError(err))
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("%s holds no jobs; write them as a list under the key jobs", name)
	}
	jobs := make([]client.JobDefinition, len(raw))
	places := map[string]int{}
	for i, r := range raw {
		if err := yaml.UnmarshalStrict(r, &jobs[i]); err != nil {
			return nil, fmt.Errorf("%s: jobs[%d]%s: %s", name, i, idOf(r), shapeError(err))
		}
		id := jobs[i].ID
		if id == "" {
			return nil, fmt.Errorf("%s: jobs[%d]: id is missing", name, i)
		}
		if first, taken := places[id]; taken {
			return nil, fmt.Errorf("%s: jobs[%d]: the id %q is that of jobs[%d] too", name, i, id, first)
		}
		places[id] = i
	}
	return jobs, nil
}

func splitJobs(data []byte) (jobs []json.RawMessage, err error) {
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(asJSON, []byte("[")) {
		return jobs, json.Unmarshal(asJSON, &jobs)
	}
	var file struct {
		Jobs []json.RawMessage `json:"jobs"`
	}
	dec := json.NewDecoder(bytes.NewReader(asJSON))
	dec.DisallowUnknownFields()
	err = dec.Decode(&file)
	return file.Jobs, err
}

// idOf names a job that could not be read, where it says its id.
func idOf(raw json.RawMessage) string {
	var job struct{ ID any }
	if json.Unmarshal(raw, &job) != nil || job.ID == nil {
		return ""
	}
	return fmt.Sprintf(" (%v)", job.ID)
}

// shapeError says what is wrong with a file in its own words, not in those of the decoders.
func shapeError(err error) string {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fmt.Sprintf("%s: %s is not what belongs here (%s)", wrongType.Field, wrongType.Value, kindOf(wrongType))
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "json: "), "yaml: ")
	return strings.Join(strings.Fields(message), " ")
}

func kindOf(err *json.UnmarshalTypeError) string {
	switch kind := err.Type.Kind().String(); kind {
	case "struct", "map", "ptr":
		return "an object"
	case "slice":
		return "a list"
	case "int":
		return "a whole number"
	default:
		return "a " + kind
	}
}

// putJobs puts each job and tells report what became of it: "added", "changed" or "unchanged". It goes on after a job that
// the scheduler refuses; the error lists all of these.
func putJobs(ctx context.Context, c *client.Client, jobs []client.JobDefinition, report func(verb string, j client.Job)) error {
	var refused []string
	for _, d := range jobs {
		verb, j, err := putJob(ctx, c, d)
		var p *client.Problem
		switch {
		case errors.As(err, &p) && p.Status < 500:
			refused = append(refused, fmt.Sprintf("%s: %v", d.ID, err))
		case err != nil:
			return fmt.Errorf("put %s: %w", d.ID, err)
		default:
			report(verb, j)
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("%d of %d jobs refused:\n  %s", len(refused), len(jobs), strings.Join(refused, "\n  "))
	}
	return nil
}

// putJob creates or replaces a job. Whether something changed is told by the revisions before and after; a change by
// somebody else in between looks like ours.
func putJob(ctx context.Context, c *client.Client, d client.JobDefinition) (verb string, j client.Job, err error) {
	before, err := c.Job(ctx, d.ID)
	if err != nil && !client.IsNotFound(err) {
		return "", j, err
	}
	j, created, err := c.PutJob(ctx, d)
	switch {
	case err != nil:
		return "", j, err
	case created:
		return "added", j, nil
	case j.Revision == before.Revision:
		return "unchanged", j, nil
	}
	return "changed", j, nil
}
