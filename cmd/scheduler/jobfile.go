package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

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

// parseJobs reads YAML or JSON: an object with a list of jobs, or the list itself. It checks the shape of the whole
// file: names and types of fields, and that each job has an id of its own. Errors begin with name and the job's place.
func parseJobs(name string, data []byte) ([]client.JobDefinition, error) {
	list, err := jobNodes(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no jobs; write them as a list under the key jobs", name)
	}
	jobs := make([]client.JobDefinition, len(list))
	places := map[string]int{}
	for i, n := range list {
		if err := decodeNode(n, &jobs[i]); err != nil {
			return nil, fmt.Errorf("%s: jobs[%d]%s: %w", name, i, idOf(n), err)
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

// jobNodes are the jobs of a file, nil when it is empty.
func jobNodes(data []byte) ([]*yaml.Node, error) {
	root, err := readYAML(data)
	if err != nil || root == nil || root.ShortTag() == "!!null" {
		return nil, err
	}
	var list *yaml.Node
	switch root.Kind {
	case yaml.SequenceNode:
		return root.Content, nil
	case yaml.MappingNode:
		if list, err = listUnderJobs(root); err != nil || list == nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%s is not a list of jobs; write them as a list under the key jobs", word(root))
	}
	if list.Kind != yaml.SequenceNode && list.ShortTag() != "!!null" {
		return nil, fmt.Errorf("jobs: %s is not a list", word(list))
	}
	return list.Content, nil
}

// listUnderJobs is what stands under the one key that a file may have.
func listUnderJobs(root *yaml.Node) (list *yaml.Node, err error) {
	for i := 0; i < len(root.Content); i += 2 {
		switch key := root.Content[i]; {
		case key.Value != "jobs":
			return nil, fmt.Errorf("line %d: unknown field %s; a file has jobs alone", key.Line, word(key))
		case list != nil:
			return nil, fmt.Errorf("line %d: jobs is written twice", key.Line)
		}
		list = root.Content[i+1]
	}
	return list, nil
}

// idOf names a job that could not be read, where it says its id.
func idOf(job *yaml.Node) string {
	for i := 0; i+1 < len(job.Content); i += 2 {
		if job.Content[i].Value == "id" && job.Content[i+1].Value != "" {
			return fmt.Sprintf(" (%s)", job.Content[i+1].Value)
		}
	}
	return ""
}

// putJobs puts each job and tells report what became of it: "added", "changed" or "unchanged". It goes on after a job
// that the scheduler refuses; the error lists all of these.
func putJobs(
	ctx context.Context, c *client.Client, jobs []client.JobDefinition, report func(verb string, j client.Job),
) error {
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
