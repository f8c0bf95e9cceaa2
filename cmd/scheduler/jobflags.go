package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/form"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/trigger"
)

// jobFlags are the flags that write a job's definition.
type jobFlags struct {
	at, in, every, cron, json, start, end, timezone string

	work []workFlags // by kinds

	timeout, overlap, coalesce, misfire   string
	killGrace, onContactLost              string
	maxInstances, maxAttempts, maxWaiting int
	labels                                []string
	retry                                 client.Retry
	retryOn                               []string
	history, alertAfter                   string
	onFailure                             string
}

func (f *jobFlags) addTo(flags *pflag.FlagSet) {
	f.addTriggerTo(flags)
	f.addWorkTo(flags)
}

// addTriggerTo adds the flags that say when.
func (f *jobFlags) addTriggerTo(flags *pflag.FlagSet) {
	flags.StringVar(&f.at, "at", "", "fire once at this `time`: now, RFC 3339, or local to --timezone")
	flags.StringVar(&f.in, "in", "", "fire once after this `duration`, as in 10m")
	flags.StringVar(&f.every, "every", "",
		"fire again and again, with this `duration` in between, as in 30s, 1h30m, 2d")
	flags.StringVar(&f.cron, "cron", "", "fire as this crontab `text` says, as in '0 9 * * mon-fri'")
	flags.StringVar(&f.json, "trigger", "", "any trigger in its `JSON` form, - for stdin")
	flags.StringVar(&f.start, "start", "",
		"with --every or --cron: no fire before this `time`; intervals count from it")
	flags.StringVar(&f.end, "end", "", "with --every or --cron: no fire after this `time`")
	flags.StringVar(&f.timezone, "timezone", "", "IANA `name` of the time zone (also --tz; default UTC)")
	flags.SetNormalizeFunc(shortZone)
}

// addWorkTo adds the flags that say what, and how.
func (f *jobFlags) addWorkTo(flags *pflag.FlagSet) {
	f.work = newWork()
	for _, w := range f.work {
		w.addTo(flags)
	}

	defaults := job.Defaults()
	flags.StringVar(&f.timeout, "timeout", "",
		"longest `duration` of an attempt (default 60s for --http, none for a command)")
	flags.StringVar(&f.killGrace, "kill-grace", "",
		"how long a command that is stopped has between SIGTERM and SIGKILL (default `3s`)")
	flags.StringVar(&f.onContactLost, "on-contact-lost", "",
		"what becomes of running work when its node cannot reach the database: continue (default), or stop")
	flags.IntVar(&f.maxInstances, "max-instances", defaults.MaxInstances,
		"how many runs of the job may execute at the same time")
	flags.StringVar(&f.overlap, "overlap", "", "what a fire does when that many run: skip (default), wait or replace")
	flags.IntVar(&f.maxWaiting, "max-waiting", defaults.MaxWaiting,
		"how many runs may wait: asked for by hand, and fires with --overlap wait")
	flags.StringVar(&f.coalesce, "coalesce", "",
		"what several overdue fire times become: latest (default), earliest or all")
	flags.StringVar(&f.misfire, "misfire-grace-time", "",
		"how late a run may be, as in `5m`; later it is skipped (default: however late)")
	flags.IntVar(&f.maxAttempts, "max-attempts", defaults.MaxAttempts, "how often a run is tried")
	flags.StringVar(&f.retry.Min, "retry-min", "",
		"with --max-attempts: longest wait before the second attempt (default `1s`)")
	flags.StringVar(&f.retry.Max, "retry-max", "",
		"with --max-attempts: longest wait before any attempt (default `5m`)")
	flags.Float64Var(&f.retry.Factor, "retry-factor", 0,
		"with --max-attempts: by how much the wait grows each time (default `2`)")
	flags.StringSliceVar(&f.retryOn, "retry-on", nil,
		"with --max-attempts: `what` is tried again, as in timed_out,exit:75,http:5xx (default failed,timed_out,lost)")
	flags.StringVar(&f.history, "history", "",
		"what is kept: all (default), or errors, where the successes of an hour become one record")
	flags.StringVar(&f.onFailure, "on-failure", "",
		`what is done when runs go on failing, in its `+"`JSON`"+` form: {"after": 3, "pause": true, "http": {"url": "…"}}`)
	flags.StringVar(&f.alertAfter, "alert-if-no-success-for", "",
		"with --on-failure: also when no run has succeeded for this `duration`")
	flags.StringArrayVar(&f.labels, "label", nil, "a `name=value` to find the job by; repeatable")
}

// shortZone lets --tz stand for --timezone.
func shortZone(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "tz" {
		name = "timezone"
	}
	return pflag.NormalizedName(name)
}

// definition is the job that the flags of cmd and the command after -- write. What its values mean is for the server to
// judge.
func (f *jobFlags) definition(
	cmd *cobra.Command, id string, command []string, now time.Time,
) (client.JobDefinition, error) {
	d := client.JobDefinition{ID: id, Timeout: f.timeout, Overlap: f.overlap, Coalesce: f.coalesce,
		MisfireGraceTime: f.misfire, KillGrace: f.killGrace, OnContactLost: f.onContactLost,
		RetryOn: f.retryOn, History: f.history, AlertIfNoSuccessFor: f.alertAfter}
	if cmd.Flags().Changed("max-instances") {
		d.MaxInstances = &f.maxInstances
	}
	if cmd.Flags().Changed("max-waiting") {
		if f.overlap != job.OverlapWait {
			return d, usagef(cmd, "--max-waiting goes with --overlap wait only")
		}
		d.MaxWaiting = &f.maxWaiting
	}
	if f.retry != (client.Retry{}) {
		d.Retry = &f.retry
	}
	if cmd.Flags().Changed("max-attempts") {
		d.MaxAttempts = &f.maxAttempts
	}
	if f.onFailure != "" {
		d.OnFailure = &client.OnFailure{}
		if err := readFlagJSON("on-failure", f.onFailure, d.OnFailure, `{"after": 3, "pause": true}`); err != nil {
			return d, err
		}
	}
	var err error
	if d.Trigger, err = f.trigger(cmd, now); err != nil {
		return d, err
	}
	if d.Labels, err = pairs(cmd, "label", "=", f.labels); err != nil {
		return d, err
	}
	return d, writeWork(cmd, f.work, &d, command)
}

func (f *jobFlags) trigger(cmd *cobra.Command, now time.Time) (*client.Trigger, error) {
	given := changed(cmd, "at", "in", "every", "cron", "trigger")
	switch {
	case len(given) == 0:
		return nil, usagef(cmd,
			"say when the job fires: --at now (or a time), --in 10m, --every 30s, --cron '0 9 * * mon-fri', or "+
				"--trigger JSON")
	case len(given) > 1:
		return nil, usagef(cmd, "%s exclude each other; a job has one trigger", strings.Join(given, " and "))
	}
	switch given[0] {
	case "--every":
		return &client.Trigger{Type: client.TriggerInterval, Every: f.every, Start: f.start, End: f.end,
			Timezone: f.timezone}, nil
	case "--cron":
		return &client.Trigger{Type: client.TriggerCron, Expression: f.cron, Start: f.start, End: f.end,
			Timezone: f.timezone}, nil
	case "--trigger":
		if beside := changed(cmd, "start", "end", "timezone"); len(beside) > 0 {
			return nil, usagef(cmd, "%s stands inside the JSON of --trigger", beside[0])
		}
		return readTrigger(f.json, cmd.InOrStdin())
	}
	if window := changed(cmd, "start", "end"); len(window) > 0 {
		return nil, usagef(cmd, "%s goes with --every or --cron only", window[0])
	}
	t := &client.Trigger{Type: client.TriggerDate, At: f.at, Timezone: f.timezone}
	switch {
	case given[0] == "--in":
		delay, err := trigger.ParseDuration(f.in)
		if err != nil {
			return nil, usagef(cmd, "--in: %v", err)
		}
		if delay <= 0 {
			return nil, usagef(cmd, "--in %s is over before the job is added; write --at now to fire at once", f.in)
		}
		t.At = now.Add(delay).UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	case f.at == "":
		return nil, usagef(cmd, "--at is empty; write --at now for at once")
	case f.at == "now":
		t.At = ""
	}
	return t, nil
}

// readFlagJSON reads an object of a job's definition from a flag.
func readFlagJSON(flag, text string, v any, example string) error {
	if err := decodeStrictly(text, v); err != nil {
		return fmt.Errorf("--%s: %w; write it like %s", flag, err, example)
	}
	return nil
}

// decodeStrictly reads one JSON object as strictly as a job file.
func decodeStrictly(text string, v any) error {
	var plain any
	if err := form.Unmarshal([]byte(text), &plain); err != nil {
		return err
	}
	data, err := json.Marshal(plain) // without the escapes that YAML reads otherwise
	if err != nil {
		return err
	}
	n, err := readYAML(data)
	if err != nil {
		return err
	}
	return decodeNode(n, v)
}

// readTrigger reads a trigger's JSON from a flag or, for -, from stdin.
func readTrigger(text string, stdin io.Reader) (*client.Trigger, error) {
	if text == "-" {
		data, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("read the trigger from stdin: %w", err)
		}
		text = string(data)
	}
	var t client.Trigger
	if err := decodeStrictly(text, &t); err != nil {
		return nil, fmt.Errorf(`--trigger: %w; write it like {"type":"interval","every":"30s"}`, err)
	}
	if _, err := trigger.Parse([]byte(text)); err != nil { // as written: fields given twice or in other case
		return nil, fmt.Errorf("--trigger: %w", err)
	}
	return &t, nil
}

// changed lists those of the flags that were given, as they are typed.
func changed(cmd *cobra.Command, names ...string) (given []string) {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	return given
}

// pairs reads the values of a repeatable flag.
func pairs(cmd *cobra.Command, flag, separator string, values []string) (map[string]string, error) {
	var m map[string]string
	for _, v := range values {
		name, value, ok := strings.Cut(v, separator)
		if separator == ":" {
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		}
		if !ok || name == "" {
			return nil, usagef(cmd, "--%s %q is not written like name%svalue", flag, v, separator)
		}
		if _, twice := m[name]; twice {
			return nil, usagef(cmd, "--%s %s is given twice", flag, name)
		}
		if m == nil {
			m = map[string]string{}
		}
		m[name] = value
	}
	return m, nil
}
