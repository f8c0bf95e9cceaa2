package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/server/servertest"
	"github.com/pgdue/pgdue/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// serve returns a client of the API over an empty store, and a connection to its database.
func serve(t *testing.T) (*client.Client, *pgx.Conn) {
	t.Helper()
	store, conn := servertest.Open(t)
	return &client.Client{BaseURL: servertest.Serve(t, store)}, conn
}

func every5s(id string) client.JobDefinition {
	return client.JobDefinition{
		ID:      id,
		Trigger: &client.Trigger{Type: client.TriggerInterval, Every: "5s"},
		HTTP:    &client.HTTP{URL: "https://example.org/ping", Headers: map[string]string{"Accept": "*/*"}},
		Timeout: "10s",
		Labels:  map[string]string{"team": "web"},
	}
}

func TestAddedJobIsTheOneReadBack(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	added, err := c.AddJob(t.Context(), every5s("ping"))
	if err != nil {
		t.Fatal(err)
	}
	want := client.Job{
		JobDefinition: every5s("ping"),
		State:         "active",
		Description:   "every 5s",
		Anchor:        servertest.Now,
		NextRunTime:   servertest.Now.Add(5 * time.Second),
		DueAt:         servertest.Now.Add(5 * time.Second),
		Revision:      1,
		CreatedAt:     servertest.Now,
		UpdatedAt:     servertest.Now,
	}
	want.MaxInstances, want.MaxAttempts, want.MaxWaiting = new(1), new(1), new(100)
	want.Overlap, want.Coalesce, want.History, want.OnContactLost = "skip", "latest", "all", "continue"
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	read, err := c.Job(t.Context(), "ping")
	if diff := cmp.Diff(added, read); err != nil || diff != "" {
		t.Errorf("read back: %v (-added +read):\n%s", err, diff)
	}
}

func TestPutTellsCreatedFromReplaced(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	d := every5s("ping")
	first, created, err := c.PutJob(t.Context(), d)
	if err != nil || !created {
		t.Fatalf("first put: created %v, %v", created, err)
	}
	same, created, err := c.PutJob(t.Context(), d)
	if err != nil || created || same.Revision != first.Revision {
		t.Errorf("equal put: created %v, revision %d after %d, %v", created, same.Revision, first.Revision, err)
	}
	d.MaxInstances = new(12)
	changed, created, err := c.PutJob(t.Context(), d)
	if err != nil || created || changed.Revision == first.Revision || *changed.MaxInstances != 12 {
		t.Errorf("changed put: created %v, %+v, %v", created, changed, err)
	}
}

func TestIDsAreEscapedInPaths(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	for _, id := range []string{".", "..", "a:b@c.d_e-f", "@"} {
		if _, _, err := c.PutJob(t.Context(), every5s(id)); err != nil {
			t.Errorf("put %q: %v", id, err)
		}
		if j, err := c.Job(t.Context(), id); err != nil || j.ID != id {
			t.Errorf("get %q: %q, %v", id, j.ID, err)
		}
		if err := c.RemoveJob(t.Context(), id, ""); err != nil {
			t.Errorf("remove %q: %v", id, err)
		}
	}
	if _, err := c.Job(t.Context(), "a/b?c"); !client.IsNotFound(err) {
		t.Errorf("get a/b?c: %v, want not found", err)
	}
}

func TestJobsArePaged(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	for _, id := range []string{"c", "a", "b"} {
		if _, err := c.AddJob(t.Context(), every5s(id)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for after, more := "", true; more; more = after != "" {
		p, err := c.Jobs(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range p.Items {
			got = append(got, j.ID)
		}
		got, after = append(got, "|"), p.Next
	}
	if diff := cmp.Diff([]string{"a", "b", "|", "c", "|"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// addRuns puts into the database, from old to new: two runs that end at each of the first three seconds after Now, then
// two running instances. Their attempts count from 1. The ids of the newer ones come first, as they do in the list of
// those that end at the same time.
func addRuns(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for i := range 8 {
		id, second := fmt.Sprintf("00000000-0000-0000-0000-%012d", 8-i),
			servertest.Now.Add(time.Duration(i/2)*time.Second)
		if i < 6 {
			storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence,
				started_at, ended_at, first_run_time, last_run_time, job_revision)
				VALUES ('ping', $1, $2, true, 'schedule', $3, 'succeeded', 'succeeded', $3, $3, $3, $3, 1)`, id, i+1, second)
		} else {
			storetest.Exec(t, conn, `INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, node_id, started_at,
				job_revision, fire_count, first_run_time, last_run_time) VALUES ('ping', $1, $3, 'schedule', $2, $4, $3, 1, 1, $3, $3)`,
				id, i+1, second, servertest.Node)
		}
	}
}

func TestPagesOfRunsLoseNone(t *testing.T) {
	t.Parallel()
	c, conn := serve(t)
	addRuns(t, conn)
	for limit := 1; limit <= 9; limit++ {
		var got []int
		for before, more := "", true; more; more = before != "" {
			p, err := c.Runs(t.Context(), "ping", before, limit)
			if err != nil {
				t.Fatal(err)
			}
			if before = p.Next; len(p.Items) > limit || before != "" && len(p.Items) < limit {
				t.Errorf("limit %d: a page of %d runs, next %q", limit, len(p.Items), before)
			}
			for _, r := range p.Items {
				got = append(got, r.Attempt)
			}
		}
		if diff := cmp.Diff([]int{8, 7, 6, 5, 4, 3, 2, 1}, got); diff != "" {
			t.Errorf("limit %d: runs (-want +got):\n%s", limit, diff)
		}
	}
}

func TestRunsBeforeATime(t *testing.T) {
	t.Parallel()
	c, conn := serve(t)
	addRuns(t, conn)
	p, err := c.Runs(t.Context(), "ping", servertest.Now.Add(time.Second).Format(time.RFC3339), 0)
	if err != nil || len(p.Items) != 2 || p.Items[0].Attempt != 2 {
		t.Errorf("before the second second: %+v, %v; want the runs 2 and 1", p.Items, err)
	}
	if p, err = c.Runs(t.Context(), "nosuch", "", 0); err != nil || p.Items == nil || len(p.Items) > 0 {
		t.Errorf("unknown job: %+v, %v; want an empty list", p.Items, err)
	}
}

func TestRunHoldsItsAttempts(t *testing.T) {
	t.Parallel()
	c, conn := serve(t)
	const id = "5ba27ad1-3c94-5a26-90b3-5d2b3e7bd0b6"
	storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, attempt, final, cause, scheduled_run_time, outcome, sentence,
		started_at, ended_at, node, error, output, status, first_run_time, last_run_time, job_revision)
		VALUES ('ping', $1, 1, false, 'schedule', $2, 'failed', '', $2, $3, 'web-1', 'exit status 1', 'no', 1, $2, $2, 1)`,
		id, servertest.Now, servertest.Now.Add(time.Second))
	storetest.Exec(t, conn, `INSERT INTO pgdue.running_instances (job_id, run_id, scheduled_run_time, cause, attempt, state, started_at,
		not_before, job_revision, fire_count, first_run_time, last_run_time)
		VALUES ('ping', $1, $2, 'schedule', 2, 'retrying', $3, $4, 1, 1, $2, $2)`,
		id, servertest.Now, servertest.Now.Add(2*time.Second), servertest.Now.Add(time.Minute))
	got, err := c.Run(t.Context(), "ping", id)
	want := client.RunDetail{Items: []client.Run{
		{JobID: "ping", RunID: id, Attempt: 1, Cause: "schedule", State: client.RunEnded, Outcome: "failed",
			ScheduledRunTime: servertest.Now, StartedAt: servertest.Now, EndedAt: servertest.Now.Add(time.Second),
			Node:  "web-1",
			Error: "exit status 1", Output: "no", Status: new(1), FireCount: 1, FirstRunTime: servertest.Now,
			LastRunTime: servertest.Now},
		{JobID: "ping", RunID: id, Attempt: 2, Cause: "schedule", State: client.RunRetrying,
			ScheduledRunTime: servertest.Now, StartedAt: servertest.Now.Add(2 * time.Second),
			NotBefore: servertest.Now.Add(time.Minute),
			FireCount: 1, FirstRunTime: servertest.Now, LastRunTime: servertest.Now},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("run: %v (-want +got):\n%s", err, diff)
	}
}

func TestProblemsAreErrors(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	bad := every5s("ping")
	bad.MaxInstances = new(0)
	_, err := c.AddJob(t.Context(), bad)
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 422 ||
		err.Error() != "max_instances: 0 is outside 1 to 1000000; 1 means that runs never overlap" {
		t.Errorf("max_instances 0: %v", err)
	}
	if _, err := c.AddJob(t.Context(), every5s("ping")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddJob(t.Context(), every5s("ping")); !client.IsExists(err) || client.IsNotFound(err) {
		t.Errorf("taken id: %v", err)
	}
	if err := c.RemoveJob(t.Context(), "nosuch", ""); !client.IsNotFound(err) || client.IsExists(err) {
		t.Errorf("unknown job: %v", err)
	}
	if _, err := c.PauseJob(t.Context(), "ping", client.PauseRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err = c.RunNow(t.Context(), "ping", client.RunRequest{})
	if !errors.As(err, &p) || p.Status != 409 || client.IsExists(err) {
		t.Errorf("run of a paused job, a conflict of another kind: %v", err)
	}
}

func TestHealthAndVersion(t *testing.T) {
	c := &client.Client{BaseURL: servertest.Serve(t, nil)}
	if err := errors.Join(c.Live(t.Context()), c.Ready(t.Context())); err != nil {
		t.Error(err)
	}
	if v, err := c.Version(t.Context()); err != nil || v.Version != "v0.0.0-test" {
		t.Errorf("version %+v, %v", v, err)
	}
}

func TestNobodyListensSaysWhatToDo(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	c := &client.Client{BaseURL: closed.URL + "/"}
	err := c.Live(t.Context())
	want := "no scheduler answers at " + closed.URL + ": start one with `scheduler dev` or `scheduler serve`, " +
		"or point --server / PGDUE_URL at it (dial tcp "
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got:  %v\nwant: %s…", err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Live(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
}

func TestWrongURLs(t *testing.T) {
	for _, base := range []string{"127.0.0.1:8080", "ftp://example.org", "http://", "http://example.org/?a=b",
		"scheduler"} {
		err := (&client.Client{BaseURL: base}).Live(t.Context())
		if want := fmt.Sprintf("%q is not the URL of a scheduler; write it like http://127.0.0.1:8080",
			base); err == nil || err.Error() != want {
			t.Errorf("got:  %v\nwant: %s", err, want)
		}
	}
}

func TestOtherServersAreNamed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/version" {
			fmt.Fprint(w, "<html>")
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer other.Close()
	c := &client.Client{BaseURL: other.URL}
	var p *client.Problem
	err := c.Live(t.Context())
	want := client.Problem{Status: 502, Title: "Bad Gateway",
		Detail: other.URL +
			`/livez answered 502 Bad Gateway with "text/html", which no scheduler does; is the URL right?`}
	if !errors.As(err, &p) || !cmp.Equal(want, *p, cmpopts.EquateEmpty()) {
		t.Errorf("got: %v", err)
	}
	if _, err := c.Version(t.Context()); err == nil || !strings.Contains(err.Error(), "is not a scheduler") {
		t.Errorf("version: %v", err)
	}
}
