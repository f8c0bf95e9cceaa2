package job

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pgdue/pgdue/internal/say"
)

var (
	validID     = regexp.MustCompile(`^[A-Za-z0-9._:@-]{1,200}$`)
	validEnv    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	validHeader = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110, section 5.6.2: token
	plainName   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)
	validLabel  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$`)
)

const (
	maxMaxInstances = 1_000_000
	maxMaxWaiting   = 1_000_000
	maxMaxAttempts  = 1000
	maxLabels       = 64
	maxLabelValue   = 200
)

// ValidID says whether a job may have that id.
func ValidID(id string) bool { return validID.MatchString(id) }

// Validate lists everything that is wrong with d as an *InvalidError, or returns nil. That the trigger can fire at all
// depends on its anchor and is checked when the job is stored.
func (d *Definition) Validate() error {
	var v violations
	if !ValidID(d.ID) {
		v.add("id", "%s is not 1 to 200 characters of A-Z a-z 0-9 . _ : @ -", say.Quoted(d.ID))
	}
	if d.Trigger == nil {
		v.add("trigger", `is missing; say when the job fires, as in {"type": "interval", "every": "30s"}`)
	}
	d.validateWork(&v)
	if d.MaxInstances < 1 || d.MaxInstances > maxMaxInstances {
		v.add("max_instances", "%d is outside 1 to %d; 1 means that runs never overlap", d.MaxInstances, maxMaxInstances)
	}
	if d.Overlap != OverlapSkip && d.Overlap != OverlapWait && d.Overlap != OverlapReplace {
		v.add("overlap", "%s is not one of %q, %q, %q", say.Quoted(d.Overlap), OverlapSkip, OverlapWait, OverlapReplace)
	}
	if d.Overlap == OverlapReplace && d.Coalesce == CoalesceAll {
		v.add("coalesce", "%q goes with overlap %q or %q; with %q one run waits at most", CoalesceAll, OverlapSkip, OverlapWait, OverlapReplace)
	}
	if d.MaxWaiting < 1 || d.MaxWaiting > maxMaxWaiting {
		v.add("max_waiting", "%d is outside 1 to %d", d.MaxWaiting, maxMaxWaiting)
	}
	if d.Coalesce != CoalesceLatest && d.Coalesce != CoalesceEarliest && d.Coalesce != CoalesceAll {
		v.add("coalesce", "%s is not one of %q, %q, %q", say.Quoted(d.Coalesce), CoalesceLatest, CoalesceEarliest, CoalesceAll)
	}
	if d.MisfireGraceTime < 0 {
		v.add("misfire_grace_time", "%s is not positive; leave it out to run however late", d.MisfireGraceTime)
	}
	if d.MaxAttempts < 1 || d.MaxAttempts > maxMaxAttempts {
		v.add("max_attempts", "%d is outside 1 to %d; 1 means that no attempt is followed by another", d.MaxAttempts, maxMaxAttempts)
	}
	d.Retry.validate(&v)
	validateRetryOn(&v, d.RetryOn)
	if d.MaxAttempts == 1 {
		if d.Retry != (Retry{}) {
			v.add("retry", "says how long to wait before another attempt, and max_attempts 1 allows none; set max_attempts to 2 or more, or leave out retry (`scheduler modify JOB --retry-min= --retry-max= --retry-factor=`)")
		}
		if d.RetryOn != nil {
			v.add("retry_on", "says what is tried again, and max_attempts 1 allows nothing; set max_attempts to 2 or more, or leave out retry_on (`scheduler modify JOB --retry-on=`)")
		}
	}
	if d.History != HistoryAll && d.History != HistoryErrors {
		v.add("history", "%s is not one of %q, %q", say.Quoted(d.History), HistoryAll, HistoryErrors)
	}
	d.OnFailure.validate(&v)
	if d.AlertIfNoSuccessFor < 0 {
		v.add("alert_if_no_success_for", "%s is not positive; leave it out to be told of failures only", d.AlertIfNoSuccessFor)
	}
	if d.AlertIfNoSuccessFor > 0 && d.OnFailure == nil {
		v.add("alert_if_no_success_for", "needs on_failure, which says what to do then, as in \"on_failure\": {\"after\": 3, \"http\": {\"url\": \"https://example.org/alert\"}}")
	}
	if d.Timeout < 0 {
		v.add("timeout", "%s is not positive; leave it out for the executor's default", d.Timeout)
	}
	validateLabels(&v, d.Labels)
	return v.err()
}

func (d *Definition) validateWork(v *violations) {
	switch {
	case d.Exec != nil && d.HTTP != nil:
		v.add("http", "stands beside exec; a job has exactly one of exec, http")
	case d.Exec != nil:
		d.Exec.validate(v)
	case d.HTTP != nil:
		d.HTTP.validate(v, "http")
	default:
		v.add("exec", `is missing; a job has exactly one of exec, http, as in "exec": {"command": ["echo", "hello"]}`)
	}
}

func (r Retry) validate(v *violations) {
	if r.Min < 0 {
		v.add("retry.min", "%s is negative", r.Min)
	}
	if r.Max < 0 || r.Max > 0 && r.Max < r.Min {
		v.add("retry.max", "%s is less than retry.min, %s", r.Max, r.Min)
	}
	if r.Factor != 0 && !(r.Factor >= 1 && r.Factor <= 100) {
		v.add("retry.factor", "%v is outside 1 to 100; 1 waits equally long each time", r.Factor)
	}
}

func (f *OnFailure) validate(v *violations) {
	if f == nil {
		return
	}
	if f.After < 1 || f.After > maxMaxAttempts {
		v.add("on_failure.after", "%d is outside 1 to %d; 3 acts when the last three runs failed", f.After, maxMaxAttempts)
	}
	if !f.Pause && f.HTTP == nil {
		v.add("on_failure", `does not say what to do; set "pause": true, or "http" with a URL to call`)
	}
	if f.HTTP != nil {
		f.HTTP.validate(v, "on_failure.http")
	}
}

func (e *Exec) validate(v *violations) {
	if len(e.Command) == 0 || e.Command[0] == "" {
		v.add("exec.command", `is empty; give the program and its arguments, as in ["sleep", "60"]`)
	}
	for i, arg := range e.Command {
		if strings.ContainsRune(arg, 0) {
			v.add(fmt.Sprintf("exec.command[%d]", i), "holds a NUL byte, which no program can be given")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		switch {
		case !validEnv.MatchString(name):
			v.add(entry("exec.env", name), "%s is not a name of letters, digits and _ that begins with no digit", say.Quoted(name))
		case strings.HasPrefix(name, "PGDUE_"):
			v.add(entry("exec.env", name), "%s: names that begin with PGDUE_ are set by the scheduler; choose another", say.Quoted(name))
		case strings.ContainsRune(e.Env[name], 0):
			v.add(entry("exec.env", name), "holds a NUL byte, which no program can be given")
		}
	}
	if e.Dir != "" && (!filepath.IsAbs(e.Dir) || strings.ContainsRune(e.Dir, 0)) {
		v.add("exec.dir", "%s is not an absolute path; nodes start in different directories", say.Quoted(e.Dir))
	}
}

func (h *HTTP) validate(v *violations, field string) {
	u, err := url.Parse(h.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		v.add(field+".url", "%s is not an absolute http or https URL, as in https://example.org/ping", say.Quoted(h.URL))
	}
	if h.Method != "" && !validHeader.MatchString(h.Method) {
		v.add(field+".method", "%s is not a method such as GET or POST", say.Quoted(h.Method))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		if !validHeader.MatchString(name) {
			v.add(entry(field+".headers", name), "%s is not a header name of letters, digits and -", say.Quoted(name))
		} else if strings.ContainsAny(h.Headers[name], "\r\n\x00") {
			v.add(entry(field+".headers", name), "holds a line break or NUL byte; a header is one line")
		}
	}
	if strings.ContainsRune(h.Body, 0) {
		v.add(field+".body", "holds a NUL byte, which the database cannot keep; encode it, as in base64")
	}
}

func validateLabels(v *violations, labels map[string]string) {
	if len(labels) > maxLabels {
		v.add("labels", "are %d; a job has %d at most", len(labels), maxLabels)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !validLabel.MatchString(name) {
			v.add(entry("labels", name), "%s is not 1 to 63 characters of A-Z a-z 0-9 . _ / - that begin with a letter or digit", say.Quoted(name))
		} else if len(labels[name]) > maxLabelValue || strings.ContainsRune(labels[name], 0) {
			v.add(entry("labels", name), "is longer than %d bytes or holds a NUL byte", maxLabelValue)
		}
	}
}

// entry is the path of a map's entry: each has one of its own, so that none hides behind another.
func entry(field, name string) string {
	if plainName.MatchString(name) {
		return field + "." + name
	}
	return field + "[" + say.Quoted(name) + "]"
}

// violations collects field errors.
type violations []FieldError

func (v *violations) add(field, format string, args ...any) {
	*v = append(*v, FieldError{field, fmt.Sprintf(format, args...)})
}

func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return &InvalidError{v}
}
