package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/storetest"
)

const pingJob = `{"id": "p", "trigger": {"type": "interval", "every": "1m"}, "exec": {"command": ["true"]}}`

func TestSkipNextAndReschedule(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/p", pingJob)
	edit := func(path, body string) client.Job {
		t.Helper()
		w := do(h, "POST", "/v1/jobs/p/"+path, body, "Pgdue-Actor", "ada")
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s: %d %s", path, body, w.Code, w.Body)
		}
		return decode[client.Job](t, w, "application/json")
	}
	at := func(j client.Job) string { return j.NextRunTime.Format("15:04:05.999999") }
	if j := edit("skip-next", ""); at(j) != "09:02:00" || j.LastFireTime.Format("15:04") != "09:01" {
		t.Errorf("after a skip without a body the next run is at %s, the last was at %s", at(j), j.LastFireTime)
	}
	if j := edit("skip-next", `{"reason": "holiday"}`); at(j) != "09:03:00" {
		t.Errorf("after another skip the next run is at %s", at(j))
	}
	if j := edit("reschedule",
		`{"next_run_time": "2026-03-01T10:10:30.0000005+01:00", "reason": "late"}`); at(j) != "09:10:30.000001" {
		t.Errorf("after a move the next run is at %s", at(j))
	}
	if j := edit("reschedule", `{"trigger": {"type": "interval", "every": "2m"}}`); at(j) != "09:02:00" ||
		j.Trigger.Every != "2m" {
		t.Errorf("with another trigger the next run is at %s, every %s", at(j), j.Trigger.Every)
	}
	page := decode[client.EventPage](t, do(h, "GET", "/v1/jobs/p/events?limit=3", ""), "application/json")
	if len(page.Items) != 3 || page.Next != 3 || page.Items[1].Reason != "late" || page.Items[1].Actor != "ada" ||
		page.Items[0].After["next_run_time"] == nil {
		t.Errorf("the first page is %+v", page)
	}
	page = decode[client.EventPage](t, do(h, "GET", "/v1/jobs/p/events?before=3", ""), "application/json")
	if len(page.Items) != 2 || page.Next != 0 || page.Items[1].Action != "added" || page.Items[1].Before != nil {
		t.Errorf("the last page is %+v", page)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET state = 'finished', next_run_time = NULL, due_at = NULL")
	if w := do(h, "POST", "/v1/jobs/p/skip-next", ""); w.Code != http.StatusConflict {
		t.Errorf("skip of a finished job: %d %s", w.Code, w.Body)
	}
}

func TestRefusedEdits(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/p", pingJob)
	for _, method := range []string{"DELETE", "PATCH"} {
		w := do(h, method, "/v1/jobs/p?reason=%00", "{}")
		if got := decode[client.Problem](t, w, "application/problem+json"); w.Code != 422 ||
			got.Errors[0].Location != "query.reason" {
			t.Errorf("%s with a NUL: %d %+v", method, w.Code, got)
		}
	}
	for _, tt := range []struct{ target, body, location, message string }{
		{"reschedule", `{}`, "body.next_run_time", "give either this, "},
		{"reschedule", `{"trigger": {"type": "date"}, "next_run_time": "2026-03-01T10:00:00Z"}`, "body.next_run_time",
			"give either this, "},
		{"reschedule", `{"trigger": {"type": "interval", "every": "-5s"}}`, "body.trigger.every", ""},
		{"reschedule", `{"trigger": {"type": "date", "at": "2025-03-01T10:00:00Z"}}`, "body.trigger.at",
			"2025-03-01 10:00 UTC lies in the past"},
		{"reschedule", `{"next_run_time": "2026-03-01T08:00:00Z"}`, "body.next_run_time",
			"2026-03-01 08:00:00 UTC is over"},
		{"reschedule", `{"next_run_time": "tomorrow"}`, "body.next_run_time", ""},
		{"skip-next", `{"reason": "\u0000"}`, "body.reason", "holds a NUL byte"},
		{"skip-next", `{"reason": "` + strings.Repeat("x", 1001) + `"}`, "body.reason", ""},
		{"pause", `{"reason": "\u0000"}`, "body.reason", "holds a NUL byte"},
		{"resume", `{"reason": "\u0000"}`, "body.reason", "holds a NUL byte"},
		{"cancel", `{"reason": "\u0000"}`, "body.reason", "holds a NUL byte"},
		{"runs", `{"payload": "\u0000"}`, "body.payload", "holds a NUL byte"},
		{"runs", `{"payload": "` + strings.Repeat("x", 64<<10+1) + `"}`, "body.payload",
			"is 65537 bytes long; a run takes 65536 (64 KiB) at most"},
		{"runs", `{"payload": 5}`, "body.payload", ""},
	} {
		w := do(h, "POST", "/v1/jobs/p/"+tt.target, tt.body)
		got := decode[client.Problem](t, w, "application/problem+json")
		if w.Code != 422 || len(got.Errors) != 1 || got.Errors[0].Location != tt.location ||
			!strings.HasPrefix(got.Errors[0].Message, tt.message) {
			t.Errorf("%s %.80s: %d %+v, want %s: %s", tt.target, tt.body, w.Code, got, tt.location, tt.message)
		}
	}
}

func TestBodiesThatMayBeLeftOut(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/p", pingJob)
	run := decode[client.Run](t, do(h, "POST", "/v1/jobs/p/runs", ""), "application/json")
	for _, act := range []string{"pause", "resume", "skip-next", "runs/" + run.RunID + "/cancel", "cancel"} {
		if w := do(h, "POST", "/v1/jobs/p/"+act, ""); w.Code != http.StatusOK && w.Code != http.StatusAccepted {
			t.Errorf("%s without a body: %d %s", act, w.Code, w.Body)
		}
	}
}

// Whatever the overlap, no more runs wait than may.
func TestRunNowIsRefusedWhenEnoughWait(t *testing.T) {
	t.Parallel()
	s, conn, log := newServer(t)
	h := s.Handler()
	for _, overlap := range []string{"skip", "wait", "replace"} {
		do(h, "PUT", "/v1/jobs/p", pingJob)
		if w := do(h, "PATCH", "/v1/jobs/p", `{"max_waiting": 5, "overlap": "`+overlap+`"}`); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for i := range 8 {
			w := do(h, "POST", "/v1/jobs/p/runs", `{"payload": "x"}`)
			if i < 5 {
				if w.Code != http.StatusAccepted {
					t.Errorf("%s: run %d: %d %s", overlap, i+1, w.Code, w.Body)
				}
				continue
			}
			p := decode[client.Problem](t, w, "application/problem+json")
			if want := "as many runs of the job wait as may, 5: "; w.Code != http.StatusTooManyRequests ||
				!strings.HasPrefix(p.Detail, want) {
				t.Errorf("%s: run %d: %d %s", overlap, i+1, w.Code, p.Detail)
			}
		}
		if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.waiting_runs"); n != 5 {
			t.Errorf("%s: %d runs wait", overlap, n)
		}
		storetest.Exec(t, conn, "DELETE FROM pgdue.waiting_runs")
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log)
	}
}

func TestRunNowHandsOverThePayload(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/p", pingJob)
	longest := strings.Repeat("x", 64<<10)
	for _, payload := range []string{"42", longest} {
		w := do(h, "POST", "/v1/jobs/p/runs", `{"payload": "`+payload+`"}`)
		if w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		run := decode[client.Run](t, w, "application/json")
		if got := storetest.Query[string](t, conn, "SELECT payload FROM pgdue.waiting_runs WHERE run_id = $1",
			run.RunID); got != payload {
			t.Errorf("the run was given %.80s", got)
		}
	}
	if w := do(h, "POST", "/v1/jobs/p/runs", ""); w.Code != http.StatusAccepted {
		t.Errorf("without a body: %d %s", w.Code, w.Body)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.waiting_runs WHERE payload IS NULL"); n != 1 {
		t.Errorf("%d runs have no payload, want the last", n)
	}
}
