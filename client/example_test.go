package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"testing"
	"time"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/server/servertest"
)

// example is an API of a scheduler that has no jobs yet, and whose time stands still at 2026-03-01T09:00:00Z. It stands
// in for the test that an example has not.
type example struct {
	testing.TB
	URL      string
	cleanUps []func()
}

func serveExample() *example {
	e := &example{}
	s, _ := servertest.Open(e)
	e.URL = servertest.Serve(e, s)
	return e
}

func (e *example) Helper()                  {}
func (e *example) Context() context.Context { return context.Background() }
func (e *example) Cleanup(f func())         { e.cleanUps = append(e.cleanUps, f) }
func (e *example) Error(args ...any)        { log.Fatal(args...) }
func (e *example) Fatal(args ...any)        { log.Fatal(args...) }

func (e *example) Close() {
	for _, f := range slices.Backward(e.cleanUps) {
		f()
	}
}

// A service registers its jobs at every start. Put changes nothing when the definition is the stored one.
func Example() {
	s := serveExample()
	defer s.Close()

	c := client.Client{BaseURL: s.URL, Actor: "web-1"}
	for range 2 {
		job, created, err := c.PutJob(context.Background(), client.JobDefinition{
			ID:      "ping",
			Trigger: &client.Trigger{Type: client.TriggerInterval, Every: "1m"},
			HTTP:    &client.HTTP{URL: "https://example.org/ping"},
			Timeout: "10s",
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("created %t, revision %d: %s, next at %s\n", created, job.Revision, job.Description, job.NextRunTime)
	}
	// Output:
	// created true, revision 1: every 1m, next at 2026-03-01 09:01:00 +0000 UTC
	// created false, revision 1: every 1m, next at 2026-03-01 09:01:00 +0000 UTC
}

// An id belongs to one job until that is finished or removed.
func ExampleClient_AddJob() {
	s := serveExample()
	defer s.Close()

	c := client.Client{BaseURL: s.URL}
	report := client.JobDefinition{
		ID:      "report",
		Trigger: &client.Trigger{Type: client.TriggerCron, Expression: "0 9 * * mon-fri", Timezone: "Europe/Stockholm"},
		Exec:    &client.Exec{Command: []string{"/usr/local/bin/report", "--daily"}},
	}
	for range 2 {
		job, err := c.AddJob(context.Background(), report)
		switch {
		case client.IsExists(err):
			fmt.Println("the id is taken")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println("added:", job.Description)
		}
	}
	// Output:
	// added: at 09:00 on Monday to Friday, Europe/Stockholm
	// the id is taken
}

// What the scheduler refuses names every wrong field and what would be right.
func ExampleProblem() {
	s := serveExample()
	defer s.Close()

	c := client.Client{BaseURL: s.URL}
	_, err := c.AddJob(context.Background(), client.JobDefinition{
		ID:      "ping",
		Trigger: &client.Trigger{Type: client.TriggerInterval, Every: "soon"},
		HTTP:    &client.HTTP{URL: "example.org/ping"},
	})
	if problem, ok := errors.AsType[*client.Problem](err); ok {
		fmt.Println(problem.Status, problem.Title)
		for _, field := range problem.Errors {
			fmt.Println(field)
		}
	}
	// Output:
	// 422 Unprocessable Entity
	// http.url: "example.org/ping" is not an absolute http or https URL, as in https://example.org/ping
	// trigger.every: "soon" is not a duration: "soon" has no number before it; write it like 90s, 1h30m or 2d
}

// Two who change the same job: the second is told that it has changed since it was read.
func ExampleClient_ModifyJob() {
	s := serveExample()
	defer s.Close()

	ctx := context.Background()
	c := client.Client{BaseURL: s.URL}
	read, err := c.AddJob(ctx, client.JobDefinition{
		ID:      "ping",
		Trigger: &client.Trigger{Type: client.TriggerInterval, Every: "1m"},
		HTTP:    &client.HTTP{URL: "https://example.org/ping"},
	})
	if err != nil {
		log.Fatal(err)
	}
	changed, err := c.ModifyJob(ctx, "ping", read.Revision, map[string]any{"timeout": "5s"}, "answers were late")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("timeout:", changed.Timeout)

	_, err = c.ModifyJob(ctx, "ping", read.Revision, map[string]any{"timeout": nil}, "")
	fmt.Println("changed meanwhile:", client.IsChanged(err))
	// Output:
	// timeout: 5s
	// changed meanwhile: true
}

// When will it fire? Nothing is stored. Here over the night in which Stockholm's clocks skip from 2 to 3.
func ExampleClient_Preview() {
	s := serveExample()
	defer s.Close()

	c := client.Client{BaseURL: s.URL}
	preview, err := c.Preview(context.Background(), client.PreviewRequest{
		Trigger: &client.Trigger{Type: client.TriggerCron, Expression: "30 2 * * *", Timezone: "Europe/Stockholm"},
		From:    time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC),
		Count:   new(3),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(preview.Description)
	for _, fire := range preview.Fires {
		fmt.Println(fire.Local.Format(time.RFC3339))
		if fire.Note != "" {
			fmt.Println("  ", fire.Note)
		}
	}
	// Output:
	// at 02:30 every day, Europe/Stockholm
	// 2026-03-28T02:30:00+01:00
	// 2026-03-29T03:30:00+02:00
	//    shifted: 2026-03-29 02:30 does not exist, fires at 2026-03-29 03:30
	// 2026-03-30T02:30:00+02:00
}

// Lists come in pages: Next of one page asks for the next, and is empty on the last.
func ExampleClient_Jobs() {
	s := serveExample()
	defer s.Close()

	ctx := context.Background()
	c := client.Client{BaseURL: s.URL}
	for _, id := range []string{"backup", "ping", "report"} {
		_, err := c.AddJob(ctx, client.JobDefinition{
			ID:      id,
			Trigger: &client.Trigger{Type: client.TriggerInterval, Every: "1h"},
			HTTP:    &client.HTTP{URL: "https://example.org/" + id},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	for after := ""; ; {
		page, err := c.Jobs(ctx, after, 2)
		if err != nil {
			log.Fatal(err)
		}
		for _, job := range page.Items {
			fmt.Println(job.ID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	// Output:
	// backup
	// ping
	// report
}
