package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/storetest"
)

func TestWhySaysWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	s, conn, _ := newServer(t)
	h := s.Handler()
	do(h, "POST", "/v1/jobs", strings.Replace(sleepJob, `{"type": "date"}`,
		`{"type": "interval", "every": "1m", "timezone": "Asia/Tokyo"}`, 1))
	got := decode[client.Why](t, do(h, "GET", "/v1/jobs/123/why", ""), "application/json")
	if got.Verdict != "123 runs as planned; it fires next at 2026-03-01 18:01:00 JST (2026-03-01 "+
		"09:01:00 UTC) (in 1m)" || len(got.Findings) > 0 || got.At != nil {
		t.Errorf("%+v", got)
	}
	if local := got.Next.Local.Format("15:04 -0700"); local != "18:01 +0900" || got.Next.Timezone != "Asia/Tokyo" ||
		got.Next.Description != "every 1m" {
		t.Errorf("next is %+v", got.Next)
	}
	storetest.Exec(t, conn, "UPDATE pgdue.next_run_times SET state = 'blocked', error = 'no such thing', due_at = NULL")
	got = decode[client.Why](t, do(h, "GET", "/v1/jobs/123/why?at=2026-03-01T09:00:30Z", ""), "application/json")
	want := []client.Finding{{Code: "blocked", Blocks: true,
		Sentence: "it is blocked, as it could not be decided: no such thing",
		Remedy:   "correct it and put it again: scheduler add 123 --replace …"}}
	if diff := cmp.Diff(want, got.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if got.At == nil || !strings.Contains(got.At.Sentence,
		"is not a fire time of this job; the first one after it is 2026-03-01 18:01:00 JST (2026-03-01 09:01:00 UTC)") {
		t.Errorf("at %+v", got.At)
	}
}

func TestWhyRefusesWhatIsNoTime(t *testing.T) {
	s, _ := serverOver(nil)
	const form, years = "is not a time like ", "is outside the years 1970-2199"
	for at, why := range map[string]string{"yesterday": form, "2026-03-01T09:00:00+01:00": form,
		"0001-01-01T00:00:00Z": years, "9999-01-01T00:00:00Z": years} {
		w := do(s.Handler(), "GET", "/v1/jobs/123/why?at="+at, "") // a bare + is a blank
		got := decode[client.Problem](t, w, "application/problem+json")
		if w.Code != http.StatusUnprocessableEntity || len(got.Errors) != 1 || got.Errors[0].Location != "query.at" ||
			!strings.Contains(got.Errors[0].Message, why) {
			t.Errorf("%s: %d %+v", at, w.Code, got)
		}
	}
}
