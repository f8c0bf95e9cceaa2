package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/pgdue/pgdue/client"
)

// hostile drives a terminal: it clears the screen (also in C1), turns the direction of text, and ends a line.
const hostile = "ada \x1b[2J\u009b2J\u202egnp.exe\u2066\x07\x7f\u2028\rend"

func TestScreenShowsWhatItDoesNotWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\tb\nå 世界 👍🏽 👨‍👩‍👧 ×2 …": "a\tb\nå 世界 👍🏽 👨‍👩‍👧 ×2 …",
		hostile:                    `ada \u001b[2J\u009b2J\u202egnp.exe\u2066\u0007\u007f\u2028\u000dend`,
		"a\x9bb\xc3":               `a\x9bb\xc3`,
		"what is replaced: \ufffd": "what is replaced: \ufffd",
	} {
		var b strings.Builder
		n, err := (&screen{to: &b}).Write([]byte(text))
		if b.String() != want || n != len(text) || err != nil {
			t.Errorf("%q: %q, %d, %v; want %q", text, b.String(), n, err, want)
		}
	}
}

// fill makes every text of v, in depth, that one.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != reflect.TypeFor[time.Time]() && v.Type().Field(i).Name != "Of" { // triggers of triggers
				fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(text), value)
	case reflect.Interface:
		v.Set(reflect.ValueOf(text))
	case reflect.String:
		v.SetString(text)
	}
}

// serveHostile answers every request with the type that it is to answer, and all texts in it hostile.
func serveHostile(t *testing.T) (url string) {
	run := client.Run{}
	fill(reflect.ValueOf(&run).Elem(), hostile)
	run.State, run.Final = client.RunEnded, true
	answers := []struct {
		pattern string
		answer  any
	}{
		{"GET /v1/jobs", &client.JobPage{}}, {"GET /v1/jobs/{id}", &client.Job{}}, {"POST /v1/jobs", &client.Job{}},
		{"GET /v1/runs", &client.RunPage{}},
		{"GET /v1/jobs/{id}/runs/{run}", &client.RunDetail{Items: []client.Run{run}}},
		{"POST /v1/jobs/{id}/runs", &run}, {"GET /v1/jobs/{id}/why", &client.Why{}},
		{"GET /v1/jobs/{id}/events", &client.EventPage{}}, {"GET /v1/jobs/{id}/alerts", &client.AlertPage{}},
		{"GET /v1/pauses", &client.Pauses{}}, {"POST /v1/pause", &client.Paused{}},
		{"POST /v1/resume", &client.Resumed{WasPaused: true}}, {"POST /v1/jobs/{id}/", &client.Job{}},
		{"PATCH /v1/jobs/{id}", &client.Job{}}, {"/", &client.Problem{Status: 404}},
	}
	mux := http.NewServeMux()
	for _, a := range answers {
		if v := reflect.ValueOf(a.answer).Elem(); !strings.Contains(a.pattern, "runs/{run}") {
			fill(v, hostile)
		}
		mux.HandleFunc(a.pattern, func(w http.ResponseWriter, _ *http.Request) {
			if p, ok := a.answer.(*client.Problem); ok {
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(p.Status)
			}
			if p, ok := a.answer.(*client.JobPage); ok {
				p.Next = ""
			}
			json.NewEncoder(w).Encode(a.answer)
		})
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// Whatever the scheduler answers, no command lets it drive the terminal, and JSON keeps it.
func TestNoCommandDrivesTheTerminal(t *testing.T) {
	t.Setenv("PGDUE_URL", serveHostile(t))
	for _, args := range []string{
		"list", "get 123", "runs 123", "runs 123 7", "why 123", "events 123", "alerts 123", "pauses", "run-now 123",
		"run-now 123 --wait", "add 123 --at now -- true", "modify 123 --timeout 1s", "pause 123", "resume 123",
		"pause --label a=b", "resume --label a=b", "skip-next 123", "reschedule 123 --every 5s", "cancel 123 7",
		"remove 123", "nosuch\x1b[2J",
	} {
		for _, format := range []string{"", " -o json"} {
			command, rest, _ := strings.Cut(args, " ")
			stdout, stderr, _ := call(t, strings.Fields(command+format+" "+rest)...)
			if at := strings.IndexFunc(stdout+stderr, driving); at >= 0 {
				t.Errorf("scheduler %s: %q", args+format, (stdout + stderr)[at:min(len(stdout+stderr), at+60)])
			}
			var v any
			if format != "" && stdout != "" && command != "cancel" { // which answers numbers
				if err := json.Unmarshal([]byte(stdout), &v); err != nil || !strings.Contains(stdout, `\u202egnp.exe`) {
					t.Errorf("scheduler %s: JSON without its texts (%v): %s", args+format, err, stdout)
				}
			}
			if stdout+stderr == "" {
				t.Errorf("scheduler %s wrote nothing", args+format)
			}
		}
	}
}

func driving(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028'
}
