package server_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/client"
)

// What is written is not taken as left out, nor one of two as the other, on any way in.
func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	h := s.Handler()
	const (
		empty = "is empty; write a value, or leave it out"
		years = "expected string to be a time of the years 1970 to 2199"
	)
	if w := do(h, "PUT", "/v1/jobs/here", `{"trigger": {"type": "date"}, "exec": {"command": ["a"]}}`); w.Code != 201 {
		t.Fatalf("put: %d %s", w.Code, w.Body)
	}
	withTrigger := func(text string) string {
		return `{"id": "a", "exec": {"command": ["a"]}, "trigger": ` + text + `}`
	}
	for _, tt := range []struct{ method, target, body, location, message string }{
		{"POST", "/v1/jobs", withTrigger(`{"type": "date", "at": ""}`), "body.trigger.at", empty},
		{"POST", "/v1/jobs", withTrigger(`{"type": "cron", "expression": "* * * * *", "start": ""}`),
			"body.trigger.start", empty},
		{"POST", "/v1/jobs", withTrigger(`{"type": "any", "of": [{"type": "date", "dst_gap": ""}]}`),
			"body.trigger.of[0].dst_gap", empty},
		{"POST", "/v1/jobs", withTrigger(`{"type": "any", "of": []}`), "body.trigger.of", "0 triggers; write 1 to 16"},
		{"POST", "/v1/jobs", withTrigger(`{"type": "cron", "fields": {}}`), "body.trigger.fields",
			`empty; write the fields that matter, such as {"hour":9}`},
		{"POST", "/v1/jobs", withTrigger(`{"type": "interval", "every": "1h", "every": "2h"}`), "body",
			"trigger.every: given twice; leave out one of them"},
		{"POST", "/v1/jobs", withTrigger(`{"type": "any", "of": [{"type": "cron", "fields": {"day": 1, "day": 2}}]}`),
			"body", "trigger.of[0].fields.day: given twice; leave out one of them"},
		{"PUT", "/v1/jobs/a", withTrigger(`{"type": "date"}, "labels": {"a": "b", "\u0061": "c"}`), "body",
			"labels.a: given twice; leave out one of them"},
		{"PUT", "/v1/jobs/a", withTrigger(`{"type": "date"}, "timeout": ""`), "body.timeout", empty},
		{"PUT", "/v1/jobs/a", withTrigger(`{"type": "date"}, "id": ""`), "body", "id: given twice; leave out one of them"},
		{"PUT", "/v1/jobs/a", withTrigger(`{"type": "date"}, "labels": {"a": "` + "\xff" + `"}`), "body",
			"holds bytes that are not UTF-8"},
		{"PATCH", "/v1/jobs/here", `{"trigger": {"jitter": ""}}`, "body.trigger.jitter", empty},
		{"PUT", "/v1/jobs/a", withTrigger(`{"type": "date"}, "timeout": "0s"`), "body.timeout",
			"0s is not positive; leave it out for the default"},
		{"PUT", "/v1/jobs/a", withTrigger(`{"type": "date"}, "misfire_grace_time": "x"`), "body.misfire_grace_time",
			`"x" is not a duration: "x" has no number before it; write it like 90s, 1h30m or 2d`},
		{"PATCH", "/v1/jobs/here", `{"coalesce": ""}`, "body.coalesce", empty},
		{"POST", "/v1/jobs/here/reschedule", `{"trigger": {"type": "date", "timezone": ""}}`, "body.trigger.timezone",
			empty},
		{"POST", "/v1/triggers/preview", `{"trigger": {"type": "date", "end": ""}}`, "body.trigger.end", empty},
		{"POST", "/v1/triggers/preview", `{"trigger": {"type": "date"}, "from": "0001-01-01T00:00:00Z"}`, "body.from", years},
		{"POST", "/v1/jobs/here/reschedule", `{"trigger": {"type": "date"}, "next_run_time": "0001-01-01T00:00:00Z"}`,
			"body.next_run_time", years},
		{"GET", "/v1/jobs/here/why?at=0001-01-01T00:00:00Z", "", "query.at",
			`"0001-01-01T00:00:00Z" is outside the years 1970-2199, in which jobs fire`},
		{"POST", "/v1/triggers/preview", `{"trigger": {"type": "date"}, "count": 1, "count": 2}`, "body",
			"count: given twice; leave out one of them"},
	} {
		w := do(h, tt.method, tt.target, tt.body)
		want := []client.FieldProblem{{Location: tt.location, Message: tt.message}}
		got := decode[client.Problem](t, w, "application/problem+json")
		if w.Code >= 500 || !slices.EqualFunc(got.Errors, want, saysSame) {
			t.Errorf("%s %s %s: %d %+v, want %+v", tt.method, tt.target, tt.body, w.Code, got, want)
		}
	}
	w := do(h, "PATCH", "/v1/jobs/here", `{"timeout": "1s", "timeout": "2s"}`)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "timeout: given twice; leave out one of them") {
		t.Errorf("a patch that says one thing twice: %d %s", w.Code, w.Body)
	}
}

func saysSame(a, b client.FieldProblem) bool {
	return a.Location == b.Location && a.Message == b.Message
}

// A field that is forgotten here is one whose empty text would be taken as left out.
func TestEveryTextOfADefinitionMayNotBeEmpty(t *testing.T) {
	t.Parallel()
	free := []string{"HTTP.body", "HTTP.url", "Trigger.type"} // empty is a value, or the domain says what to write
	var open []string
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] {
			return
		}
		seen[of] = true
		for f := range of.Fields() {
			visit(f.Type)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Type.Kind() == reflect.String && f.Tag.Get("minLength") != "1" {
				open = append(open, fmt.Sprintf("%s.%s", of.Name(), name))
			}
		}
	}
	visit(reflect.TypeFor[client.JobDefinition]())
	slices.Sort(open)
	if open = slices.Compact(open); !slices.Equal(open, free) {
		t.Errorf("these texts may be empty: %v, want %v", open, free)
	}
}
