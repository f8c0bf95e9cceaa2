package server

import (
	"context"
	"encoding/json"

	"github.com/pgdue/pgdue/client"
)

const (
	// pageBytes is how many bytes of jobs make a page full, whatever its limit: a job may have a megabyte.
	pageBytes = 1 << 20
	// jobsAtOnce is how many jobs are read at a time, so that not many more are read than are told.
	jobsAtOnce = 50
)

type listOutput struct{ Body client.JobPage }

// listJobs reads until the page is full, or has as many as were asked for. It has one at least, where there is one.
func (s *Server) listJobs(ctx context.Context, in *listInput) (*listOutput, error) {
	page := client.JobPage{Items: []client.Job{}}
	for after, bytes := in.After, 0; ; {
		wanted := min(in.Limit-len(page.Items), jobsAtOnce)
		overviews, err := s.Store.Jobs(ctx, after, wanted+1)
		if err != nil {
			return nil, s.problem(ctx, "list jobs", "", err)
		}
		for i, o := range overviews {
			if len(page.Items) == in.Limit || bytes >= pageBytes {
				page.Next = after
				return &listOutput{page}, nil
			}
			if i == wanted { // read to know whether there is one
				break
			}
			j := jobOf(o)
			text, err := json.Marshal(j)
			if err != nil {
				return nil, s.problem(ctx, "list jobs", o.ID, err)
			}
			page.Items, after, bytes = append(page.Items, j), o.ID, bytes+len(text)
		}
		if len(overviews) <= wanted {
			return &listOutput{page}, nil
		}
	}
}
