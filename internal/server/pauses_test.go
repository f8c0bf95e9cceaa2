package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/server"
	"github.com/pgdue/pgdue/internal/server/servertest"
)

// A request names a label or everything, and one of them.
func TestPauseSaysWhatItIsAbout(t *testing.T) {
	t.Parallel()
	s, _, log := newServer(t)
	h := s.Handler()
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{}`, 422, `body: give "label": "team=web" or "all": true; a single job has /v1/jobs/{id}/pause`},
		{`{"all": true, "label": "team=web"}`, 422, "label: stands beside all; give one of them"},
		{`{"label": "team"}`, 422, `label: "team" is not a label, written like team=web`},
		{`{"label": "=web"}`, 422, `label: "=web" is not a label, written like team=web`},
		{`{"label": "team=\u0000"}`, 422, `label: "team=\x00" is not a label, written like team=web`},
		{`{"al": true}`, 422, "al: is not a known field"},
	} {
		for _, path := range []string{"/v1/pause", "/v1/resume"} {
			w := do(h, "POST", path, c.body)
			p := decode[client.Problem](t, w, "application/problem+json")
			if w.Code != c.status || !strings.Contains(p.Error(), c.want) {
				t.Errorf("POST %s %s: %d %s, want %s", path, c.body, w.Code, p.Error(), c.want)
			}
		}
	}
	w := do(h, "POST", "/v1/pause", `{"label": "team=web"}`)
	if p := decode[client.Problem](t, w, "application/problem+json"); w.Code != 404 ||
		!strings.HasPrefix(p.Detail, "no job has the label team=web, so nothing was paused") {
		t.Errorf("an unknown label: %d %s", w.Code, w.Body)
	}
	if log.Len() > 0 {
		t.Errorf("the user's mistakes were logged:\n%s", log)
	}
}

// The client pauses, lists and resumes.
func TestPauseByTheClient(t *testing.T) {
	t.Parallel()
	store, _ := servertest.Open(t)
	c := &client.Client{BaseURL: servertest.Serve(t, store), Actor: "ada"}
	ctx := t.Context()
	if _, err := c.AddJob(ctx,
		client.JobDefinition{ID: "a", Trigger: &client.Trigger{Type: "date"},
			HTTP: &client.HTTP{URL: "http://a"}}); err != nil {
		t.Fatal(err)
	}
	p, err := c.PauseMany(ctx, client.PauseManyRequest{All: true, Reason: "release 7"})
	want := client.Paused{Pause: client.Pause{What: "everything", PausedAt: servertest.Now, PausedBy: "ada",
		Reason: "release 7", Resume: "scheduler resume --all"}}
	if diff := cmp.Diff(want, p); err != nil || diff != "" {
		t.Errorf("%v, paused (-want +got):\n%s", err, diff)
	}
	j, err := c.PauseJob(ctx, "a", client.PauseRequest{})
	if err != nil || j.State != "paused" || j.PausedWith != "" {
		t.Errorf("%+v, %v", j, err)
	}
	list, err := c.Pauses(ctx, 1)
	if err != nil || len(list.Items) != 2 || list.More || list.Items[1].JobID != "a" {
		t.Errorf("list: %+v, %v", list, err)
	}
	r, err := c.ResumeMany(ctx, client.ResumeManyRequest{All: true})
	if err != nil || !r.WasPaused || r.What != "everything" {
		t.Errorf("resumed: %+v, %v", r, err)
	}
	if r, err := c.ResumeMany(ctx, client.ResumeManyRequest{All: true}); err != nil || r.WasPaused {
		t.Errorf("resumed twice: %+v, %v", r, err)
	}
}

// lockedStore is one whose pauses are locked, or whose jobs are when a label is resumed.
type lockedStore struct {
	server.Store
	err  error
	wake error
}

func (s lockedStore) PauseMany(context.Context, job.Scope, job.Author) (p job.Paused, err error) {
	return p, s.err
}

func (s lockedStore) ResumeMany(context.Context, job.Scope, bool, job.Author) (job.Resumed, error) {
	return job.Resumed{Was: true, DueError: s.wake}, s.err
}

func TestPausesThatAreLockedSayWhichRow(t *testing.T) {
	s, log := serverOver(lockedStore{err: fmt.Errorf("%w: secret", job.ErrLocked)})
	for _, path := range []string{"/v1/pause", "/v1/resume"} {
		w := do(s.Handler(), "POST", path, `{"all": true}`)
		if w.Code != 503 || !strings.Contains(w.Body.String(), "pgdue.settings") ||
			w.Header().Get("Retry-After") != "5" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	s.Store = lockedStore{wake: errors.New("job a is locked")}
	var w *httptest.ResponseRecorder
	if w = do(s.Handler(), "POST", "/v1/resume", `{"label": "team=web"}`); w.Code != 200 ||
		!strings.Contains(w.Body.String(), "in some minutes only") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "job a is locked") {
		t.Errorf("the log does not say which: %s", log)
	}
}
