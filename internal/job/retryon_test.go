package job

import "testing"

func TestRetryOn(t *testing.T) {
	exec, http := &Exec{}, &HTTP{}
	for _, c := range []struct {
		on      string
		work    Work
		outcome Outcome
		status  int // 0 for none
		want    bool
	}{
		{"failed", exec, Failed, 1, true},
		{"failed", exec, Failed, 0, true},
		{"failed", exec, TimedOut, 0, false},
		{"timed_out", exec, TimedOut, 0, true},
		{"lost", exec, Lost, 0, true},
		{"exit:75", exec, Failed, 75, true},
		{"exit:75", exec, Failed, 76, false},
		{"exit:75", exec, Failed, 0, false}, // killed by a signal
		{"exit:64-78", exec, Failed, 64, true},
		{"exit:64-78", exec, Failed, 78, true},
		{"exit:64-78", exec, Failed, 79, false},
		{"exit:200", http, Failed, 200, false}, // an answer that was not complete
		{"http:503", http, Failed, 503, true},
		{"http:5xx", http, Failed, 599, true},
		{"http:5xx", http, Failed, 499, false},
		{"http:100-150", exec, Failed, 101, false},
		{"http:5xx", http, TimedOut, 500, false}, // timed out while the answer came
		{"failed", exec, Cancelled, 1, false},
		{"failed", exec, Succeeded, 0, false},
	} {
		d := Definition{Work: c.work, RetryOn: []string{"http:418", c.on}}
		var status *int
		if c.status != 0 {
			status = &c.status
		}
		if got := d.RetriesOn(c.outcome, status); got != c.want {
			t.Errorf("retry_on %s, %s of %s with status %d: %v, want %v", c.on, c.outcome, c.work.Kind().Name, c.status,
				got, c.want)
		}
	}
}
