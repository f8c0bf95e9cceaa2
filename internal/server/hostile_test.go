//go:build unix

package server_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostileBodies are bodies of about so many bytes that hold very many of one thing.
func hostileBodies(longest int) map[string]string {
	most := longest / 10
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

// What a body costs grows with its length, and no faster: one that is four times as long costs about four times as
// much. With the square of the length it would be sixteen times, and seconds. The processor's time is judged, which
// depends little on what else the machine does, and the least of several tries. No test runs beside this one.
func TestHostileBodies(t *testing.T) {
	const (
		short, factor, tooMuch = 75_000, 4, 8
		enough, tries          = 500 * time.Millisecond, 5
	)
	s, _, _ := newServer(t)
	h := s.Handler()
	do(h, "PUT", "/v1/jobs/r", reportJob)
	took := func(method, body string) time.Duration {
		began := processorTime(t)
		if w := do(h, method, "/v1/jobs/r", body); w.Code >= 500 {
			t.Errorf("%s of %.80s: %d %s", method, body, w.Code, w.Body)
		}
		return processorTime(t) - began
	}
	small := hostileBodies(short)
	for name, body := range hostileBodies(factor * short) {
		for _, method := range []string{"PUT", "PATCH"} {
			long, least := took(method, body), time.Duration(0)
			for try := 0; long > max(enough, tooMuch*least) && try < tries; try++ {
				d := took(method, small[name])
				if try == 0 {
					least = d
				}
				long, least = min(long, took(method, body)), min(least, d)
			}
			if long > max(enough, tooMuch*least) {
				t.Errorf("%s of %s: %s, and %s for what is %d times as long", method, name, least, long, factor)
			}
		}
	}
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
