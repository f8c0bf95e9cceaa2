package job

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/say"
)

var (
	validID    = regexp.MustCompile(`^[A-Za-z0-9._:@-]{1,200}$`)
	plainName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)
	validLabel = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$`)
)

const (
	maxMaxInstances = 1_000_000
	maxMaxWaiting   = 1_000_000
	maxKillGrace    = time.Hour
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
	if d.Work == nil {
		v.add(Kinds[0].Name, "is missing; a job has exactly one of %s, as in %s", KindNames(), Kinds[0].Example)
	} else {
		d.Work.check(&v, d.Executor())
	}
	d.checkOverlap(&v)
	if d.MisfireGraceTime < 0 {
		v.add("misfire_grace_time", "%s is not positive; leave it out to run however late", d.MisfireGraceTime)
	}
	d.checkAttempts(&v)
	if d.History != HistoryAll && d.History != HistoryErrors {
		v.add("history", "%s is not one of %q, %q", say.Quoted(d.History), HistoryAll, HistoryErrors)
	}
	d.checkAlerts(&v)
	if d.Timeout < 0 {
		v.add("timeout", "%s is not positive; leave it out for the executor's default", d.Timeout)
	}
	d.checkStop(&v)
	checkLabels(&v, d.Labels)
	return v.err()
}

// checkStop checks how work is stopped, and when.
func (d *Definition) checkStop(v *violations) {
	if d.OnContactLost != ContactLostContinue && d.OnContactLost != ContactLostStop {
		v.add("on_contact_lost", "%s is not one of %q, %q", say.Quoted(d.OnContactLost), ContactLostContinue,
			ContactLostStop)
	}
	switch {
	case d.KillGrace < 0 || d.KillGrace > maxKillGrace:
		v.add("kill_grace", "%s is outside 0 to %s; leave it out for %s", d.KillGrace, maxKillGrace, DefaultKillGrace)
	case d.KillGrace > 0 && d.Work != nil && d.Work.Kind() != KindExec:
		v.add("kill_grace", "is how long a program has to end, and %s runs none; leave it out", d.Executor())
	case d.OnContactLost == ContactLostStop && d.KillGrace > maxStrictKillGrace:
		v.add("kill_grace", "%s is more than %s, which is the most with on_contact_lost %q: the program "+
			"must have ended "+
			"before another node may begin the next attempt", d.KillGrace, maxStrictKillGrace, ContactLostStop)
	}
}

// checkOverlap checks what becomes of fires that meet others.
func (d *Definition) checkOverlap(v *violations) {
	if d.MaxInstances < 1 || d.MaxInstances > maxMaxInstances {
		v.add("max_instances", "%d is outside 1 to %d; 1 means that runs never overlap", d.MaxInstances,
			maxMaxInstances)
	}
	if d.Overlap != OverlapSkip && d.Overlap != OverlapWait && d.Overlap != OverlapReplace {
		v.add("overlap", "%s is not one of %q, %q, %q", say.Quoted(d.Overlap), OverlapSkip, OverlapWait, OverlapReplace)
	}
	if d.Overlap == OverlapReplace && d.Coalesce == CoalesceAll {
		v.add("coalesce", "%q goes with overlap %q or %q; with %q one run waits at most", CoalesceAll, OverlapSkip,
			OverlapWait, OverlapReplace)
	}
	if d.MaxWaiting < 1 || d.MaxWaiting > maxMaxWaiting {
		v.add("max_waiting", "%d is outside 1 to %d", d.MaxWaiting, maxMaxWaiting)
	}
	if d.Coalesce != CoalesceLatest && d.Coalesce != CoalesceEarliest && d.Coalesce != CoalesceAll {
		v.add("coalesce", "%s is not one of %q, %q, %q", say.Quoted(d.Coalesce), CoalesceLatest, CoalesceEarliest,
			CoalesceAll)
	}
}

// checkAttempts checks how often, and when, a run is tried again.
func (d *Definition) checkAttempts(v *violations) {
	if d.MaxAttempts < 1 || d.MaxAttempts > maxMaxAttempts {
		v.add("max_attempts", "%d is outside 1 to %d; 1 means that no attempt is followed by another", d.MaxAttempts,
			maxMaxAttempts)
	}
	d.Retry.check(v)
	checkRetryOn(v, d.RetryOn)
	if d.MaxAttempts == 1 {
		if d.Retry != (Retry{}) {
			v.add("retry", "says how long to wait before another attempt, and max_attempts 1 allows none; set "+
				"max_attempts to 2 or more, or leave out retry (`scheduler modify JOB --retry-min= --retry-max= "+
				"--retry-factor=`)")
		}
		if d.RetryOn != nil {
			v.add("retry_on", "says what is tried again, and max_attempts 1 allows nothing; set max_attempts to 2 or "+
				"more, or leave out retry_on (`scheduler modify JOB --retry-on=`)")
		}
	}
}

// checkAlerts checks who is told when runs go on failing.
func (d *Definition) checkAlerts(v *violations) {
	d.OnFailure.check(v)
	if d.AlertIfNoSuccessFor < 0 {
		v.add("alert_if_no_success_for", "%s is not positive; leave it out to be told of failures only",
			d.AlertIfNoSuccessFor)
	}
	if d.AlertIfNoSuccessFor > 0 && d.OnFailure == nil {
		v.add("alert_if_no_success_for",
			"needs on_failure, which says what to do then, as in \"on_failure\": {\"after\": 3, \"http\": {\"url\": "+
				"\"https://example.org/alert\"}}")
	}
}

func checkLabels(v *violations, labels map[string]string) {
	if len(labels) > maxLabels {
		v.add("labels", "are %d; a job has %d at most", len(labels), maxLabels)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !validLabel.MatchString(name) {
			v.add(entry("labels", name),
				"%s is not 1 to 63 characters of A-Z a-z 0-9 . _ / - that begin with a letter or digit",
				say.Quoted(name))
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
