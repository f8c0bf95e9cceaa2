package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJobFileIsRefusedInItsOwnWords(t *testing.T) {
	const job = `, trigger: {type: date}, exec: {command: [echo, "a"]}`
	for file, want := range map[string]string{
		"- {id: a, exec: {command: [echo, 1.10]}}":       `jobs[0] (a): exec.command[1]: 1.10 is a number to YAML, not text; put it in quotes: "1.10"`,
		"- {id: a, exec: {command: [echo, 010]}}":        `jobs[0] (a): exec.command[1]: 010 is a number to YAML, not text; put it in quotes: "010"`,
		"- {id: a, exec: {command: [true]}}":             `jobs[0] (a): exec.command[0]: true is a boolean to YAML, not text; put it in quotes: "true"`,
		"- {id: a, exec: {command: [echo, null]}}":       `jobs[0] (a): exec.command[1]: null is nothing to YAML; leave it out, or put it in quotes: "null"`,
		"- {id: a, exec: {command: [echo, [a]]}}":        `jobs[0] (a): exec.command[1]: a list is not text`,
		"- {id: a, exec: {env: {A: 007}}}":               `jobs[0] (a): exec.env.A: 007 is a number to YAML, not text; put it in quotes: "007"`,
		"- {id: a, labels: {1: b}}":                      `jobs[0] (a): labels.1: 1 is a number to YAML, not text; put it in quotes: "1"`,
		"- id: 007":                                      `jobs[0] (007): id: 007 is a number to YAML, not text; put it in quotes: "007"`,
		"- id:":                                          `jobs[0]: id: nothing is written here; give it a value or leave it out`,
		"- {id: a, max_instances: 010}":                  `jobs[0] (a): max_instances: 010 is not a whole number, or too large`,
		"- {id: a, max_instances: 1e3}":                  `jobs[0] (a): max_instances: 1e3 is not a whole number, or too large`,
		"- {id: a, max_instances: 99999999999999999999}": `jobs[0] (a): max_instances: 99999999999999999999 is not a whole number, or too large`,
		"- {ID: a" + job + "}":                           `jobs[0]: unknown field "ID"; write it "id"`,
		"- {id: a, trigger: {Type: date}}":               `jobs[0] (a): trigger: unknown field "Type"; write it "type"`,
		`- {id: a, trigger: {type: date, at: ""}}`:       `jobs[0] (a): trigger.at: is empty; write a value, or leave it out`,
		`- {id: a, trigger: {type: any, of: [{type: interval, every: 1h, timezone: ""}]}}`: `jobs[0] (a): ` +
			`trigger.of[0].timezone: is empty; write a value, or leave it out`,
		`- {id: a, exec: {command: [a], dir: !!str }}`:                       `jobs[0] (a): exec.dir: is empty; write a value, or leave it out`,
		`- {id: a, timeout: ''}`:                                             `jobs[0] (a): timeout: is empty; write a value, or leave it out`,
		`{"jobs": [{"id": "a", "trigger": {"every": "1h", "every": "2h"}}]}`: `jobs[0] (a): trigger: line 1: every is written twice`,
		"- {id: a, trigger: {type: any, of: [5]}}":                           `jobs[0] (a): trigger.of[0]: 5 is not an object`,
		"- {id: a" + job + "}\n---\n- {id: b" + job +
			"}": `line 2: a second document begins here; write all jobs into one list`,
		`"x"`:                `"x" is not a list of jobs; write them as a list under the key jobs`,
		"5":                  `5 is not a list of jobs; write them as a list under the key jobs`,
		"- 5":                `jobs[0]: 5 is not an object`,
		"- null":             `jobs[0]: null is nothing to YAML; leave it out, or put it in quotes: "null"`,
		"jobs: {a: b}":       `jobs: an object is not a list`,
		"jobs: []\njobs: []": `line 2: jobs is written twice`,
		"{}":                 ` holds no jobs; write them as a list under the key jobs`,
		"# nothing":          ` holds no jobs; write them as a list under the key jobs`,
		"- &a {id: a, trigger: {type: any, of: [*a]}}": `jobs[0] (a): trigger.of[0]: unknown field "id"`,
		"- {id: a, trigger: &t {type: any, of: [*t]}}": `jobs[0] (a): anchor 't' value contains itself`,
	} {
		_, err := parseJobs("f", []byte(file))
		if err == nil {
			t.Errorf("%s is a job file", file)
			continue
		}
		if got := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "f"), ": "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", file, got, want)
		}
	}
}

func TestExamplesAreJobFiles(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("examples are %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseJobs(file, data); err != nil {
			t.Error(err)
		}
	}
}

func FuzzJobFileHasDistinctIDs(f *testing.F) {
	for _, s := range []string{
		"jobs:\n- id: 123\n  trigger: {type: date}\n  exec: {command: [sleep, 60]}\n",
		`{"jobs": [{"id": "a", "trigger": {"type": "interval", "every": "5s"}, "http": {"url": "http://a"}}]}`,
		`[{"id": "a"}, {"id": "a"}]`, "- {id: 1}\n- {id: 1.0}\n- {id: yes}\n", "jobs: {}", "- null", "jobs: [1, [], ~]",
		"? {a: b}\n: c\n",
		"- &a {id: x, trigger: {of: [*a, {<<: [*a]}]}}", "- {id: !!binary aGk=, labels: {a: !!str 1, b: !x y}}",
		"%YAML 1.1\n--- 5\n...\n--- 6",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		jobs, err := parseJobs("fuzz", data)
		seen := map[string]bool{}
		for _, j := range jobs {
			if j.ID == "" || seen[j.ID] {
				t.Errorf("%q holds the id %q twice or empty", data, j.ID)
			}
			seen[j.ID] = true
		}
		if (err == nil) == (len(jobs) == 0) {
			t.Errorf("%q holds %d jobs, error %v", data, len(jobs), err)
		}
	})
}
