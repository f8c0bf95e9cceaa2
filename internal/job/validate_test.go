package job

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	exec := func(change func(*Exec)) func(*Definition) {
		return func(d *Definition) { change(d.Work.(*Exec)) }
	}
	http := func(change func(*HTTP)) func(*Definition) {
		return func(d *Definition) {
			h := &HTTP{URL: "https://example.org/ping"}
			change(h)
			d.Work = h
		}
	}
	tries := func(change func(*Definition)) func(*Definition) {
		return func(d *Definition) { d.MaxAttempts = 3; change(d) }
	}
	header := func(name, value string) func(*Definition) {
		return http(func(h *HTTP) { h.Headers = map[string]string{name: value} })
	}
	label := func(name, value string) func(*Definition) {
		return func(d *Definition) { d.Labels = map[string]string{name: value} }
	}
	for _, c := range []struct {
		name  string
		bad   func(*Definition)
		field string // "" for none
		says  string
	}{
		{"good exec", func(*Definition) {}, "", ""},
		{"good http", http(func(h *HTTP) { h.Method, h.Headers = "PATCH", map[string]string{"X-A": "b"} }), "", ""},
		{"longest id", func(d *Definition) { d.ID = strings.Repeat("a", 200) }, "", ""},
		{"every character of an id", func(d *Definition) { d.ID = "Az09._:@-" }, "", ""},
		{"no id", func(d *Definition) { d.ID = "" }, "id", `"" is not 1 to 200`},
		{"id too long", func(d *Definition) { d.ID = strings.Repeat("a", 201) }, "id", "…"},
		{"id with a slash", func(d *Definition) { d.ID = "a/b" }, "id", `"a/b"`},
		{"id with a line break at its end", func(d *Definition) { d.ID = "a\n" }, "id", `"a\n"`},
		{"no trigger", func(d *Definition) { d.Trigger = nil }, "trigger", "say when"},
		{"no work", func(d *Definition) { d.Work = nil }, "exec", "exactly one of exec, http"},
		{"no instances", func(d *Definition) { d.MaxInstances = 0 }, "max_instances", "0 is outside 1 to 1000000"},
		{"negative instances", func(d *Definition) { d.MaxInstances = -1 }, "max_instances", "-1 is outside"},
		{"too many instances", func(d *Definition) { d.MaxInstances = 1_000_001 }, "max_instances",
			"1000001 is outside"},
		{"overlap", func(d *Definition) { d.Overlap = "queue" }, "overlap",
			`"queue" is not one of "skip", "wait", "replace"`},
		{"coalesce", func(d *Definition) { d.Coalesce = "none" }, "coalesce", `"latest"`},
		{"attempts", func(d *Definition) { d.MaxAttempts = 1001 }, "max_attempts", "1001 is outside 1 to 1000"},
		{"no attempts", func(d *Definition) { d.MaxAttempts = 0 }, "max_attempts", "0 is outside 1 to 1000"},
		{"retry without attempts", func(d *Definition) { d.Retry.Min = new(time.Second) }, "retry",
			"set max_attempts to 2 or more"},
		{"retry_on without attempts", func(d *Definition) { d.RetryOn = []string{"lost"} }, "retry_on",
			"set max_attempts to 2 or more"},
		{"retry_on", tries(func(d *Definition) { d.RetryOn = []string{"lost", "exit:64-78", "http:5xx", "http:429"} }),
			"", ""},
		{"retry_on of nothing", tries(func(d *Definition) { d.RetryOn = []string{} }), "retry_on", "is empty"},
		{"retry_on of success", tries(func(d *Definition) { d.RetryOn = []string{"failed", "succeeded"} }),
			"retry_on[1]", `"succeeded" is none of failed`},
		{"retry_on of no exit code", tries(func(d *Definition) { d.RetryOn = []string{"exit:0"} }), "retry_on[0]",
			`"exit:0"`},
		{"retry_on of no status", tries(func(d *Definition) { d.RetryOn = []string{"http:600"} }), "retry_on[0]",
			`"http:600"`},
		{"retry_on of a range upside down", tries(func(d *Definition) { d.RetryOn = []string{"exit:78-64"} }),
			"retry_on[0]", `"exit:78-64"`},
		{"replace one by one", func(d *Definition) { d.Overlap, d.Coalesce = OverlapReplace, CoalesceAll }, "coalesce",
			"one run waits at most"},
		{"history", func(d *Definition) { d.History = "none" }, "history", `"none" is not one of "all", "errors"`},
		{"on_failure", func(d *Definition) { d.OnFailure = &OnFailure{After: 3, Pause: true} }, "", ""},
		{"on_failure after none", func(d *Definition) { d.OnFailure = &OnFailure{Pause: true} }, "on_failure.after",
			"0 is outside 1 to 1000"},
		{"on_failure without an act", func(d *Definition) { d.OnFailure = &OnFailure{After: 1} }, "on_failure",
			"does not say what to do"},
		{"on_failure to nowhere", func(d *Definition) { d.OnFailure = &OnFailure{After: 1, HTTP: &HTTP{URL: "x"}} },
			"on_failure.http.url", "not an absolute"},
		{"silence that nobody hears", func(d *Definition) { d.AlertIfNoSuccessFor = time.Hour },
			"alert_if_no_success_for", "needs on_failure"},
		{"retry.min", tries(func(d *Definition) { d.Retry.Min = new(time.Duration(-1)) }), "retry.min",
			"-1ns is negative"},
		{"retry.max", tries(func(d *Definition) { d.Retry = Retry{Min: new(time.Minute), Max: time.Second} }),
			"retry.max",
			"1s is less than retry.min, 1m0s"},
		{"retry.factor", tries(func(d *Definition) { d.Retry.Factor = 0.5 }), "retry.factor",
			"0.5 is outside 1 to 100"},
		{"timeout", func(d *Definition) { d.Timeout = -time.Second }, "timeout", "-1s is not positive"},
		{"no command", exec(func(e *Exec) { e.Command = nil }), "exec.command", "is empty"},
		{"empty program", exec(func(e *Exec) { e.Command = []string{""} }), "exec.command", "is empty"},
		{"NUL in an argument", exec(func(e *Exec) { e.Command = []string{"a", "\x00"} }), "exec.command[1]", "NUL"},
		{"environment name", exec(func(e *Exec) { e.Env = map[string]string{"1A": ""} }), "exec.env.1A", `"1A"`},
		{"our environment", exec(func(e *Exec) { e.Env = map[string]string{"PGDUE_URL": ""} }), "exec.env.PGDUE_URL",
			"are set by the scheduler"},
		{"NUL in the environment", exec(func(e *Exec) { e.Env = map[string]string{"A": "\x00"} }), "exec.env.A", "NUL"},
		{"relative directory", exec(func(e *Exec) { e.Dir = "tmp" }), "exec.dir", `"tmp" is not an absolute path`},
		{"relative URL", http(func(h *HTTP) { h.URL = "/ping" }), "http.url", `"/ping"`},
		{"other URL", http(func(h *HTTP) { h.URL = "ftp://example.org" }), "http.url", "absolute http or https"},
		{"method", http(func(h *HTTP) { h.Method = "G T" }), "http.method", `"G T"`},
		{"method in small letters", http(func(h *HTTP) { h.Method = "post" }), "http.method", "in capitals: POST"},
		{"port", http(func(h *HTTP) { h.URL = "http://example.org:99999/" }), "http.url", "1 to 65535"},
		{"port 0", http(func(h *HTTP) { h.URL = "http://example.org:0/" }), "http.url", "1 to 65535"},
		{"no host", http(func(h *HTTP) { h.URL = "http://:80/" }), "http.url", "absolute http or https"},
		{"space in a query", http(func(h *HTTP) { h.URL = "http://example.org/?x=a b" }), "http.url", "%20"},
		{"host", header("Host", "example.org"), "http.headers.Host", "is set by the sender"},
		{"hop-by-hop header", header("transfer-Encoding", "x"), "http.headers.transfer-Encoding",
			"is set by the sender"},
		{"control character in a header", header("A", "a\x01"), "http.headers.A", "control character"},
		{"tab in a header", header("A", "a\tb"), "", ""},
		{"header name", http(func(h *HTTP) { h.Headers = map[string]string{"A:": ""} }), `http.headers["A:"]`, `"A:"`},
		{"header value", http(func(h *HTTP) { h.Headers = map[string]string{"A": "b\r\nC: d"} }), "http.headers.A",
			"line break"},
		{"body", http(func(h *HTTP) { h.Body = "\x00" }), "http.body", "NUL"},
		{"on contact lost", func(d *Definition) { d.OnContactLost = "wait" }, "on_contact_lost", `"continue", "stop"`},
		{"kill grace", func(d *Definition) { d.KillGrace = 2 * time.Hour }, "kill_grace", "outside 0 to 1h0m0s"},
		{"kill grace of a request", func(d *Definition) {
			http(func(*HTTP) {})(d)
			d.KillGrace = time.Second
		}, "kill_grace", "http runs none"},
		{"kill grace beyond the take-over", func(d *Definition) {
			d.OnContactLost, d.KillGrace = ContactLostStop, 5*time.Second
		}, "kill_grace", "5s is more than 4s"},
		{"kill grace within the take-over", func(d *Definition) {
			d.OnContactLost, d.KillGrace = ContactLostStop, 4*time.Second
		}, "", ""},
		{"label name", label("-a", ""), "labels.-a", `"-a"`},
		{"too many labels", func(d *Definition) {
			d.Labels = map[string]string{}
			for i := range 65 {
				d.Labels[fmt.Sprint("a", i)] = ""
			}
		}, "labels", "are 65; a job has 64 at most"},
		{"label value", label("a", strings.Repeat("b", 201)), "labels.a", "200 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := definition(t, every5s)
			c.bad(&d)
			err := d.Validate()
			if c.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var invalid *InvalidError
			if !errors.As(err, &invalid) || !errors.Is(err, ErrInvalid) || len(invalid.Fields) != 1 {
				t.Fatalf("error is %v, want one of %s", err, c.field)
			}
			if f := invalid.Fields[0]; f.Field != c.field || !strings.Contains(f.Message, c.says) {
				t.Errorf("%s: %s; want %s: …%s…", f.Field, f.Message, c.field, c.says)
			}
		})
	}
}

func TestEveryBadNameIsTold(t *testing.T) {
	d := definition(t, every5s)
	d.Work.(*Exec).Env = map[string]string{"1A": "", "PGDUE_URL": "", "A B": ""}
	d.Labels = map[string]string{"-a": "", "\x00": ""}
	var invalid *InvalidError
	if !errors.As(d.Validate(), &invalid) {
		t.Fatal("the definition is valid")
	}
	var got []string
	for _, f := range invalid.Fields {
		got = append(got, f.Field)
	}
	want := []string{"exec.env.1A", `exec.env["A B"]`, "exec.env.PGDUE_URL", `labels["\x00"]`, "labels.-a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// All that is wrong is said at once.
func TestValidateTellsEverything(t *testing.T) {
	err := (&Definition{}).Validate()
	var invalid *InvalidError
	if !errors.As(err, &invalid) || len(invalid.Fields) != 10 {
		t.Errorf("error is %v, want ten fields", err)
	}
}
