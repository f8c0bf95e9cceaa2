package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// call runs the command line in this process.
func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	code = run(t.Context(), root, &out, &errs)
	return out.String(), errs.String(), code
}

func TestWrongCallsSayWhatWouldBeRight(t *testing.T) {
	t.Setenv("PGDUE_URL", "http://127.0.0.1:1") // nobody is asked
	tests := []struct{ args, want string }{
		{"add 123 -- sleep 60",
			"say when the job fires: --at now (or a time), --in 10m, --every 30s, --cron '0 9 * * mon-fri', or " +
				"--trigger JSON"},
		{"add 123 --at now --every 5s -- sleep 60", "--at and --every exclude each other; a job has one trigger"},
		{"add 123 --at now --end 2026-03-01 -- sleep 60", "--end goes with --every or --cron only"},
		{"add 123 --at= -- sleep 60", "--at is empty; write --at now for at once"},
		{"add 123 --at now", "say what the job does: a command after --, as in `-- sleep 60`, or --http URL"},
		{"add 123 --at now --http http://a -- sleep 60",
			"--http and the command after -- exclude each other; a job does one thing"},
		{"add 123 --at now --http http://a --env A=1", "--env goes with a command after -- only"},
		{"add 123 --at now --body x -- sleep 60", "--body goes with --http only"},
		{"add 123 --at now --http http://a --header Accept", `--header "Accept" is not written like name:value`},
		{"add 123 --at now --env A=1 --env A=2 -- sleep 60", "--env A is given twice"},
		{"add 123 --at now --max-waiting 5 -- sleep 60", "--max-waiting goes with --overlap wait only"},
		{"add 123 --at now --label =x -- sleep 60", `--label "=x" is not written like name=value`},
		{"add --at now -- sleep 60", "give the job an id, as in `scheduler add 123 --at now -- sleep 60`"},
		{"add 123 --at now sleep 60", `"sleep" is one argument too many; put -- before the command`},
		{"add 123 124 --at now -- sleep 60", `"124" is one argument too many; a job has one id`},
		{"add 123 -f jobs.yaml", `-f takes ids and commands from the file; leave out "123"`},
		{"add -f jobs.yaml --every 5s", "-f takes the jobs as the file has them; leave out --every"},
		{"add 123 --max-instances two",
			`--max-instances: "two" is not a whole number, as in 12`},
		{"add 123 --max-instances 1e99", `--max-instances: "1e99" is not a whole number, as in 12`},
		{"add 123 --max-instances 99999999999999999999",
			`--max-instances: "99999999999999999999" is too large, or too small`},
		{"add 123 --retry-factor two", `--retry-factor: "two" is not a number, as in 1.5`},
		{"add 123 --replace=perhaps", `--replace: "perhaps" is neither true nor false`},
		{"serve --drain soon", `--drain: "soon" is not a duration, as in 90s or 1m30s`},
		{"serve --pooler session", `--pooler "session" is none of auto, transaction and none`},
		{"events 123 --before x", `--before: "x" is not a whole number, as in 12`},
		{"why 123 --at 0001-01-01T00:00:00Z",
			"--at: the year 1 is outside 1970 to 2199"},
		{"why 123 --at 2200-01-01T00:00:00", "--at: 2200-01-01T00:00:00 is outside the years 1970-2199"},
		{"why 123 --at yesterday",
			`--at: "yesterday" is not a time; write it like 2026-03-01T09:00:00 (in the trigger's ` +
				"zone) or 2026-03-01T09:00:00+01:00"},
		{"add 123 --evry 5s", "unknown flag: --evry"},
		{"list -o xml", `--output: "xml" is not right: write table, wide or json`},
		{"list --limit 0", "--limit 0 lists nothing; leave it out to list all jobs"},
		{"list x", `"x" is one argument too many`},
		{"get", "give the id of one job, as in `scheduler get 123`"},
		{"remove 1 2", "give the id of one job, as in `scheduler remove 123`"},
		{"remov", `there is no command "remov", did you mean remove?`},
		{"frobnicate", `there is no command "frobnicate"`},
	}
	for _, tt := range tests {
		stdout, stderr, code := call(t, strings.Fields(tt.args)...)
		command, _, _ := strings.Cut("scheduler "+tt.args, " -")
		if command = strings.Join(strings.Fields(command)[:2], " "); strings.Contains(tt.want, "there is no command") {
			command = "scheduler"
		}
		want := "scheduler: " + tt.want + "; see `" + command + " --help`\n"
		if diff := cmp.Diff(want, stderr); code != exitUsage || stdout != "" || diff != "" {
			t.Errorf("scheduler %s: exit code %d, stdout %q, stderr (-want +got):\n%s", tt.args, code, stdout, diff)
		}
	}
}

func TestDelayIsADuration(t *testing.T) {
	if _, stderr, code := call(t, "add", "123", "--in", "soon", "--", "true"); code != exitUsage ||
		!strings.HasPrefix(stderr, "scheduler: --in: ") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

func TestItExplainsItself(t *testing.T) {
	for args, want := range map[string]string{
		"":           "Available Commands:",
		"add --help": "  scheduler add 123 --at now -- sleep 60\n",
	} {
		if stdout, stderr, code := call(t, strings.Fields(args)...); code != 0 || stderr != "" ||
			!strings.Contains(stdout, want) {
			t.Errorf("scheduler %s: exit code %d, stderr %q, stdout without %q:\n%s", args, code, stderr, want, stdout)
		}
	}
}

// The flags of modify are shown as those of add, but for the defaults, which it does not have.
func TestModifyShowsFlagsAsAddDoes(t *testing.T) {
	add, modify := newAdd().Flags(), newModify().Flags()
	for _, f := range allModifyFields() {
		want, wantUsage := pflag.UnquoteUsage(add.Lookup(f.flag))
		got, gotUsage := pflag.UnquoteUsage(modify.Lookup(f.flag))
		if got != want || gotUsage != wantUsage {
			t.Errorf("--%s %s: %s; add has %s: %s", f.flag, got, gotUsage, want, wantUsage)
		}
	}
	if usages := modify.FlagUsages(); strings.Contains(usages, "[]") {
		t.Errorf("an empty default is shown:\n%s", usages)
	}
}

func TestPayloadIsText(t *testing.T) {
	if _, err := readText("-", strings.NewReader("caf\xe9")); err == nil ||
		err.Error() != "it is not UTF-8 text; encode it, as in base64" {
		t.Errorf("Latin-1: %v", err)
	}
}

// A change that the run of a job makes is told as the job's, so that somebody finds where it comes from.
func TestARunSaysOfWhichJobItIs(t *testing.T) {
	t.Setenv("PGDUE_JOB_ID", "")
	me := whoAmI()
	t.Setenv("PGDUE_JOB_ID", "add-123")
	if got, want := whoAmI(), "job add-123 ("+me+")"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}
