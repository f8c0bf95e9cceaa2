package main

import "testing"

func FuzzJobFileHasDistinctIDs(f *testing.F) {
	for _, s := range []string{
		"jobs:\n- id: 123\n  trigger: {type: date}\n  exec: {command: [sleep, 60]}\n",
		`{"jobs": [{"id": "a", "trigger": {"type": "interval", "every": "5s"}, "http": {"url": "http://a"}}]}`,
		`[{"id": "a"}, {"id": "a"}]`, "- {id: 1}\n- {id: 1.0}\n- {id: yes}\n", "jobs: {}", "- null", "jobs: [1, [], ~]", "? {a: b}\n: c\n",
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
