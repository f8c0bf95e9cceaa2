package main

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgdue/pgdue/client"
)

// modifyField says what a flag changes: where it stands in a job, and how its value is written there.
type modifyField struct {
	flag, path string
	write      func(cmd *cobra.Command, flag string, values []string) (any, error)
}

// modifyFields are the flags that change a job, but for those of the kinds of work. Other flags of add say when the job
// fires.
var modifyFields = []modifyField{
	{"timeout", "timeout", asText},
	{"kill-grace", "kill_grace", asText},
	{"on-contact-lost", "on_contact_lost", asText},
	{"max-instances", "max_instances", asNumber},
	{"overlap", "overlap", asText},
	{"max-waiting", "max_waiting", asNumber},
	{"coalesce", "coalesce", asText},
	{"misfire-grace-time", "misfire_grace_time", asText},
	{"max-attempts", "max_attempts", asNumber},
	{"retry-min", "retry.min", asText},
	{"retry-max", "retry.max", asText},
	{"retry-factor", "retry.factor", asNumber},
	{"retry-on", "retry_on", asList},
	{"history", "history", asText},
	{"on-failure", "on_failure", asObject},
	{"alert-if-no-success-for", "alert_if_no_success_for", asText},
	{"label", "labels", asPairs("=")},
}

// allModifyFields are those of the kinds of work too.
func allModifyFields() []modifyField {
	var all []modifyField
	for _, k := range kinds {
		all = append(all, k.fields...)
	}
	return append(all, modifyFields...)
}

// modifyFlags are the values of the flags that were given.
type modifyFlags map[string]*[]string

// addTo adds the flags of add that say what, and how; each takes an empty value.
func (f modifyFlags) addTo(flags *pflag.FlagSet) {
	var ofAdd jobFlags
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	ofAdd.addWorkTo(shown)
	for _, field := range allModifyFields() {
		f[field.flag] = new([]string)
		like := shown.Lookup(field.flag)
		flags.Var(texts{f[field.flag], like.Value.Type()}, field.flag, like.Usage)
	}
}

// texts is a repeatable flag that takes any text, and is shown as one of a type.
type texts struct {
	values *[]string
	kind   string
}

func (t texts) String() string {
	if t.values == nil { // as package flag makes one, to compare defaults
		return ""
	}
	return strings.Join(*t.values, ",")
}

func (t texts) Set(value string) error {
	*t.values = append(*t.values, value)
	return nil
}

func (t texts) Type() string { return t.kind }

// change is the merge patch that the flags, or --patch, and the command after -- write.
func (f modifyFlags) change(cmd *cobra.Command, patch string, command []string) (any, error) {
	change := map[string]any{}
	for _, field := range allModifyFields() {
		if values := *f[field.flag]; len(values) > 0 {
			value, err := valueOf(cmd, field.flag, values, field.write)
			if err != nil {
				return nil, err
			}
			set(change, strings.Split(field.path, "."), value)
		}
	}
	for _, k := range kinds {
		if len(command) > 0 && k.command != "" {
			set(change, strings.Split(k.command, "."), command)
		}
	}
	if cmd.Flags().Changed("patch") {
		if len(change) > 0 {
			return nil, usagef(cmd, "--patch says it all; leave out the other flags and the command")
		}
		return readPatch(patch, cmd.InOrStdin())
	}
	if len(change) == 0 {
		return nil, usagef(cmd, "say what to change, as in `scheduler modify 123 --max-instances 13`")
	}
	return change, otherWorkGoes(cmd, change, command)
}

// otherWorkGoes takes the work of another kind out of a job that is given work of one kind whole.
func otherWorkGoes(cmd *cobra.Command, change map[string]any, command []string) error {
	var changed []string
	for _, k := range kinds {
		if _, found := change[k.name]; found {
			changed = append(changed, k.name)
		}
	}
	if len(changed) > 1 {
		return usagef(cmd, "a job does one thing: give %s", each(", or ", func(k workKind) string { return k.give }))
	}
	for i, k := range kinds {
		if !k.asks(cmd, command) {
			continue
		}
		for j, other := range kinds {
			if j != i {
				change[other.name] = nil
			}
		}
	}
	return nil
}

// valueOf writes the values of a flag; one that is empty is null, which takes the default.
func valueOf(
	cmd *cobra.Command, flag string, values []string, write func(*cobra.Command, string, []string) (any, error),
) (any, error) {
	if len(values) == 1 && values[0] == "" {
		return nil, nil
	}
	return write(cmd, flag, values)
}

// set sets a value in objects inside each other.
func set(object map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		inner, ok := object[path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[path[0]] = inner
		}
		object = inner
	}
	object[path[0]] = value
}

func asText(_ *cobra.Command, _ string, values []string) (any, error) {
	return values[len(values)-1], nil
}

func asNumber(cmd *cobra.Command, flag string, values []string) (any, error) {
	text := values[len(values)-1]
	if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
		return nil, usagef(cmd, "--%s %q is not a number", flag, text)
	}
	return json.Number(text), nil
}

func asList(_ *cobra.Command, _ string, values []string) (any, error) {
	return strings.Split(strings.Join(values, ","), ","), nil
}

func asObject(cmd *cobra.Command, flag string, values []string) (any, error) {
	var f client.OnFailure
	text := values[len(values)-1]
	if err := decodeStrictly(text, &f); err != nil {
		return nil, usagef(cmd, `--%s: %v; write it like {"after": 3, "pause": true}`, flag, err)
	}
	return json.RawMessage(text), nil
}

func asPairs(separator string) func(*cobra.Command, string, []string) (any, error) {
	return func(cmd *cobra.Command, flag string, values []string) (any, error) {
		given, err := pairs(cmd, flag, separator, values)
		if err != nil {
			return nil, err
		}
		change := map[string]any{}
		for name, value := range given {
			if change[name] = value; value == "" {
				change[name] = nil
			}
		}
		return change, nil
	}
}
