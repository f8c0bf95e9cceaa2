package form_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

const (
	least = `{"id": "a", "trigger": {"type": "interval", "every": "30s"}, "exec": {"command": ["true"]}}`
	most  = `{"id": "b", "trigger": {"type": "cron", "expression": "0 9 * * mon-fri", "timezone": "Europe/Stockholm"},
		"http": {"method": "PUT", "url": "https://example.org/ping", "headers": {"A": "b"}, "body": "{}"},
		"max_instances": 2, "overlap": "wait", "max_waiting": 5, "coalesce": "all", "misfire_grace_time": "5m", "timeout": "1h30m", "on_contact_lost": "stop",
		"max_attempts": 3, "retry": {"min": "2s", "max": "10m", "factor": 1.5}, "retry_on": ["lost", "http:5xx"], "history": "errors",
		"on_failure": {"after": 3, "pause": true, "http": {"url": "https://example.org/alert"}}, "alert_if_no_success_for": "2d",
		"labels": {"team": "web"}}`
	atOnce = `{"id": "c", "trigger": {"type": "date"}, "exec": {"command": ["true"]}, "max_attempts": 2, "retry": {"min": "0s"}}`
)

func written(t *testing.T, text string) (w client.JobDefinition) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRead(t *testing.T) {
	whole := func(change func(*job.Definition)) job.Definition {
		d := job.Defaults()
		change(&d)
		return d
	}
	for name, c := range map[string]struct {
		text string
		want job.Definition
	}{
		"what is absent has its default": {least, whole(func(d *job.Definition) {
			d.ID, d.Work = "a", &job.Exec{Command: []string{"true"}}
		})},
		"what is written stays": {most, job.Definition{
			ID: "b", MaxInstances: 2, Overlap: job.OverlapWait, MaxWaiting: 5, Coalesce: job.CoalesceAll,
			MisfireGraceTime: 5 * time.Minute, Timeout: 90 * time.Minute,
			OnContactLost: job.ContactLostStop, MaxAttempts: 3,
			Retry:   job.Retry{Min: new(2 * time.Second), Max: 10 * time.Minute, Factor: 1.5},
			RetryOn: []string{"lost", "http:5xx"}, History: job.HistoryErrors,
			OnFailure: &job.OnFailure{After: 3, Pause: true,
				HTTP: &job.HTTP{URL: "https://example.org/alert"}},
			AlertIfNoSuccessFor: 48 * time.Hour, Labels: map[string]string{"team": "web"},
			Work: &job.HTTP{Method: "PUT", URL: "https://example.org/ping", Headers: map[string]string{"A": "b"},
				Body: "{}"},
		}},
	} {
		got, bad := form.Read(written(t, c.text))
		if len(bad) > 0 {
			t.Errorf("%s: refused: %v", name, bad)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreTypes((*trigger.Trigger)(nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got.Trigger == nil {
			t.Errorf("%s: there is no trigger", name)
		}
	}
}

func TestComplaints(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing": {`{}`, []string{"id", "trigger", "exec"}},
		"durations": {`{"id": "a", "trigger": {"type": "date"}, "exec": {"command": ["true"]}, "timeout": "soon", "misfire_grace_time": "5",
			"max_attempts": 2, "retry": {"min": "x", "max": "y"}, "alert_if_no_success_for": "z"}`,
			[]string{"timeout", "retry.min", "retry.max", "alert_if_no_success_for", "misfire_grace_time"}},
		"a trigger that cannot be read is not missing": {`{"id": "a", "trigger": {"type": "moon"}, "exec": {"command": ["true"]}}`,
			[]string{"trigger.type"}},
		"time zone": {`{"id": "a", "trigger": {"type": "date", "at": "2026-03-01T09:00:00", "timezone": "Mars/Olympus"}, "exec": {"command": ["true"]}}`,
			[]string{"trigger.timezone"}},
		"reading and rules at once": {`{"id": "a b", "trigger": {"type": "interval", "every": "-5s"}, "http": {"url": "x"}, "timeout": "soon", "max_instances": 0}`,
			[]string{"trigger.every", "timeout", "id", "http.url", "max_instances"}},
		"two kinds of work": {`{"id": "a", "trigger": {"type": "date"}, "exec": {"command": ["true"]}, "http": {"url": "http://a"}}`,
			[]string{"http"}},
	} {
		_, bad := form.Read(written(t, c.text))
		var got []string
		for _, f := range bad {
			got = append(got, f.Field)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: fields (-want +got):\n%s", name, diff)
		}
	}
}

// What is shown can be put again, and changes nothing.
func TestWrittenReadsAsTheSame(t *testing.T) {
	for _, text := range []string{least, most, atOnce} {
		d, bad := form.Read(written(t, text))
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		w := form.Write(&d)
		again, bad := form.Read(w)
		if len(bad) > 0 || !again.Equal(&d) || again.Trigger.String() != d.Trigger.String() {
			t.Errorf("%s is written as %+v, which reads as %+v: %v", text, w, again, bad)
		}
	}
}

func TestWriteWithoutATrigger(t *testing.T) {
	d := job.Defaults()
	if w := form.Write(&d); w.Trigger != nil || *w.MaxInstances != 1 || w.Timeout != "" || w.Retry != nil ||
		w.OnFailure != nil {
		t.Errorf("the defaults are written as %+v", w)
	}
}

// A kind of work without a field in client.JobDefinition would be lost on the way, without a word.
func TestEveryKindOfWorkIsWritten(t *testing.T) {
	for _, k := range job.Kinds {
		d := job.Defaults()
		d.Work = k.New()
		if again, _ := form.Read(form.Write(&d)); again.Executor() != k.Name {
			t.Errorf("work of kind %s is written and read as %q; client.JobDefinition lacks its field", k.Name,
				again.Executor())
		}
	}
}
