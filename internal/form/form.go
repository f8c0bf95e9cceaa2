package form

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// Read reads a written definition. What is wrong with it comes back by its fields, the definition with all that
// could be read.
func Read(w client.JobDefinition) (job.Definition, []job.FieldError) {
	r := reader{d: job.Defaults()}
	d := &r.d
	d.ID, d.Labels, d.RetryOn = w.ID, w.Labels, w.RetryOn
	d.MaxInstances = valueOr(w.MaxInstances, d.MaxInstances)
	d.MaxWaiting = valueOr(w.MaxWaiting, d.MaxWaiting)
	d.MaxAttempts = valueOr(w.MaxAttempts, d.MaxAttempts)
	d.Overlap = cmp.Or(w.Overlap, d.Overlap)
	d.Coalesce = cmp.Or(w.Coalesce, d.Coalesce)
	d.History = cmp.Or(w.History, d.History)
	d.OnContactLost = cmp.Or(w.OnContactLost, d.OnContactLost)
	if f := w.OnFailure; f != nil {
		d.OnFailure = &job.OnFailure{After: f.After, Pause: f.Pause, HTTP: (*job.HTTP)(f.HTTP)}
	}
	r.trigger(w.Trigger)
	r.positive(&d.Timeout, "timeout", w.Timeout)
	r.positive(&d.KillGrace, "kill_grace", w.KillGrace)
	if w.Retry != nil {
		if w.Retry.Min != "" { // where 0 is something else than nothing
			d.Retry.Min = new(time.Duration)
			r.duration(d.Retry.Min, "retry.min", w.Retry.Min)
		}
		r.positive(&d.Retry.Max, "retry.max", w.Retry.Max)
		d.Retry.Factor = w.Retry.Factor
	}
	r.positive(&d.AlertIfNoSuccessFor, "alert_if_no_success_for", w.AlertIfNoSuccessFor)
	r.positive(&d.MisfireGraceTime, "misfire_grace_time", w.MisfireGraceTime)
	r.work(w)
	r.validate()
	return r.d, r.bad
}

// Trigger reads a written trigger. An *job.InvalidError names the field.
func Trigger(w *client.Trigger) (*trigger.Trigger, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return nil, job.InvalidTrigger(err)
	}
	t, err := trigger.Parse(text)
	if err != nil {
		return nil, job.InvalidTrigger(err)
	}
	return t, nil
}

// reader reads a definition and gathers what is wrong with it.
type reader struct {
	d      job.Definition
	bad    []job.FieldError
	unread []string // fields that were written and could not be read, so that they are not missing too
}

func (r *reader) add(err error) {
	r.bad = append(r.bad, job.FieldErrors(err)...)
}

func (r *reader) trigger(w *client.Trigger) {
	if w == nil {
		return
	}
	var err error
	if r.d.Trigger, err = Trigger(w); err != nil {
		r.add(err)
		r.unread = append(r.unread, "trigger")
	}
}

// duration reads a field that is a duration, absent for 0.
func (r *reader) duration(d *time.Duration, field, text string) {
	if text == "" {
		return
	}
	var err error
	if *d, err = trigger.ParseDuration(text); err != nil {
		r.add(job.Invalid(field, "%s", err))
		r.unread = append(r.unread, field)
	}
}

// positive is duration for a field whose 0 is absence: one that is written is not.
func (r *reader) positive(d *time.Duration, field, text string) {
	if r.duration(d, field, text); text != "" && *d == 0 && !slices.Contains(r.unread, field) {
		r.add(job.Invalid(field, "%s is not positive; leave it out for the default", text))
	}
}

// work finds the one field that says what the job does.
func (r *reader) work(w client.JobDefinition) {
	fields, err := fieldsOf(w)
	if err != nil {
		r.add(job.Invalid(job.Kinds[0].Name, "cannot be read: %s", err))
		return
	}
	var found []string
	for _, kind := range job.Kinds {
		text, written := fields[kind.Name]
		if !written {
			continue
		}
		found = append(found, kind.Name)
		r.d.Work = kind.New()
		if err := json.Unmarshal(text, r.d.Work); err != nil {
			r.add(job.Invalid(kind.Name, "cannot be read: %s", err))
		}
	}
	if len(found) > 1 {
		r.add(job.Invalid(found[1], "stands beside %s; a job has exactly one of %s", found[0], job.KindNames()))
		r.unread = append(r.unread, job.Kinds[0].Name)
		r.d.Work = nil
	}
}

// validate adds what is wrong by the rules of the domain.
func (r *reader) validate() {
	for _, f := range job.FieldErrors(r.d.Validate()) {
		if !slices.Contains(r.unread, f.Field) {
			r.bad = append(r.bad, f)
		}
	}
}

// Write is a definition as its user could have written it, with the defaults filled in.
func Write(d *job.Definition) client.JobDefinition {
	var w client.JobDefinition
	if d.Work != nil {
		fill(&w, map[string]any{d.Executor(): d.Work})
	}
	w.ID, w.Labels, w.RetryOn = d.ID, d.Labels, d.RetryOn
	w.MaxInstances, w.MaxWaiting, w.MaxAttempts = &d.MaxInstances, &d.MaxWaiting, &d.MaxAttempts
	w.Overlap, w.Coalesce, w.History, w.OnContactLost = d.Overlap, d.Coalesce, d.History, d.OnContactLost
	if d.Retry != (job.Retry{}) {
		w.Retry = &client.Retry{Max: duration(d.Retry.Max), Factor: d.Retry.Factor}
		if d.Retry.Min != nil {
			w.Retry.Min = trigger.FormatDuration(*d.Retry.Min)
		}
	}
	if f := d.OnFailure; f != nil {
		w.OnFailure = &client.OnFailure{After: f.After, Pause: f.Pause, HTTP: (*client.HTTP)(f.HTTP)}
	}
	w.Timeout, w.MisfireGraceTime = duration(d.Timeout), duration(d.MisfireGraceTime)
	w.KillGrace = duration(d.KillGrace)
	w.AlertIfNoSuccessFor = duration(d.AlertIfNoSuccessFor)
	if d.Trigger != nil { // nil when its row cannot be read
		w.Trigger = new(client.Trigger)
		fill(w.Trigger, d.Trigger)
	}
	return w
}

// duration writes a duration, absent for 0.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return trigger.FormatDuration(d)
}

// fill lets the written form of a value, as JSON, fill in that of the client.
func fill(w, value any) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, w)
	}
	if err != nil {
		panic(fmt.Sprintf("%T has no written form: %v", value, err))
	}
}

// fieldsOf are the fields of a written definition that are there, as JSON.
func fieldsOf(w client.JobDefinition) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	return fields, json.Unmarshal(text, &fields)
}

func valueOr(v *int, absent int) int {
	if v == nil {
		return absent
	}
	return *v
}
