package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/client"
)

// serveJobs answers pages of as many jobs, named j00000 and so on.
func serveJobs(t *testing.T, jobs int) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil || limit < 1 || limit > 1000 {
			t.Errorf("limit %q", r.URL.Query().Get("limit"))
		}
		var page client.JobPage
		for i := range jobs {
			id := fmt.Sprintf("j%05d", i)
			if id <= r.URL.Query().Get("after") {
				continue
			}
			if len(page.Items) == limit {
				page.Next = page.Items[limit-1].ID
				break
			}
			page.Items = append(page.Items, client.Job{JobDefinition: client.JobDefinition{ID: id}})
		}
		json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(s.Close)
	t.Setenv("PGDUE_URL", s.URL)
}

func TestListShowsAllJobs(t *testing.T) {
	serveJobs(t, 2345)
	for args, want := range map[string]int{"": 2345, "--limit 1500": 1500, "--after j01999": 345, "--limit 3": 3} {
		stdout, stderr, code := call(t, strings.Fields("list "+args)...)
		if n := strings.Count(stdout, "\nj"); n != want || code != 0 ||
			(stderr != "") != strings.Contains(args, "--limit") {
			t.Errorf("list %s: %d jobs, exit code %d, stderr %s", args, n, code, stderr)
		}
		stdout, _, _ = call(t, strings.Fields("list -o json "+args)...)
		var page client.JobPage
		if err := json.Unmarshal([]byte(stdout), &page); err != nil || len(page.Items) != want ||
			(page.Next != "") != strings.Contains(args, "--limit") {
			t.Errorf("list -o json %s: %d jobs, next %q, %v", args, len(page.Items), page.Next, err)
		}
	}
}
