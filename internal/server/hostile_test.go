package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostileBodies are bodies that hold very many of one thing.
func hostileBodies() map[string]string {
	const longest, most = 300_000, 30_000
	many := func(one func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < longest && i < most; i++ {
			b.WriteString(one(i) + ",")
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	names := many(func(i int) string { return fmt.Sprintf(`"k%d":1`, i) })
	nulls := many(func(i int) string { return fmt.Sprintf(`"k%d":null`, i) })
	texts := many(func(i int) string { return fmt.Sprintf(`"k%d":""`, i) })
	objects := many(func(i int) string { return fmt.Sprintf(`"k%d":{}`, i) })
	const trigger, exec = `"trigger":{"type":"interval","every":"1h"}`, `"exec":{"command":["true"]}`
	deep := func(open, inner, end string) string {
		return strings.Repeat(open, 90) + inner + strings.Repeat(end, 90)
	}
	return map[string]string{
		"unknown fields":              "{" + names + "}",
		"unknown nulls":               "{" + nulls + "}",
		"unknown fields of a job":     "{" + trigger + "," + exec + "," + names + "}",
		"unknown objects":             "{" + objects + "}",
		"unknown fields of a trigger": `{"trigger":{"type":"interval","every":"1h",` + names + "}," + exec + "}",
		"unknown nulls of a trigger":  `{"trigger":{"type":"interval","every":"1h",` + nulls + "}," + exec + "}",
		"unknown fields of a work":    "{" + trigger + `,"exec":{"command":["true"],` + names + "}}",
		"labels":                      "{" + trigger + "," + exec + `,"labels":{` + texts + "}}",
		"labels that are numbers":     "{" + trigger + "," + exec + `,"labels":{` + names + "}}",
		"labels that are null":        "{" + trigger + "," + exec + `,"labels":{` + nulls + "}}",
		"environment":                 "{" + trigger + `,"exec":{"command":["true"],"env":{` + texts + "}}}",
		"a long list":                 "{" + trigger + "," + exec + `,"retry_on":[` + many(func(int) string { return `""` }) + "]}",
		"a long list of numbers":      "{" + trigger + "," + exec + `,"retry_on":[` + many(func(int) string { return `1` }) + "]}",
		"many triggers":               `{"trigger":{"type":"any","triggers":[` + many(func(int) string { return "{}" }) + "]}," + exec + "}",
		"deep unknown fields":         "{" + exec + `,"trigger":` + deep(`{"type":"except","base":`, "{"+names+"}", "}") + "}",
		"deep triggers with names":    "{" + exec + `,"trigger":` + deep(`{"type":"any","triggers":[`, "{"+names+"}", "]}") + "}",
		"deep labels":                 `{"labels":` + deep(`{"a":`, "{"+names+"}", "}") + "}",
		"one field many times":        "{" + many(func(int) string { return `"max_instances":1` }) + "}",
		"a long name":                 `{"` + strings.Repeat("x", longest) + `":1}`,
		"a long number":               `{"max_instances":` + strings.Repeat("1", longest) + `}`,
	}
}

// What a body costs grows with its length, and no faster. At ten times of what a slow machine takes here, it would be
// with the square: that took ten seconds and more for some of these.
func TestHostileBodies(t *testing.T) {
	const limit, tries = time.Second, 5
	s, _, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/r", reportJob)
	took := func(method, path, body string) (status int, d time.Duration) {
		began := time.Now()
		status = do(h, method, path, body).Code
		return status, time.Since(began)
	}
	for name, body := range hostileBodies() {
		for _, method := range []string{"PUT", "PATCH"} {
			status, least := took(method, "/v1/jobs/r", body)
			for try := 1; least > limit && try < tries; try++ {
				_, d := took(method, "/v1/jobs/r", body)
				least = min(least, d)
			}
			if least > limit || status >= 500 {
				t.Errorf("%s of %s: status %d, took %s at least", method, name, status, least)
			}
		}
	}
}
