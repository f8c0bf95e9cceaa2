package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/server/servertest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"scheduler": main})
}

// TestScripts runs testdata/*.txtar, each against a server with a store of its own. The command `history ID` records what
// became of three fire times, the first of them in two attempts; `alert ID KIND STATE` records an alert; $TAKEN is an address on which somebody listens.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			store := &servertest.Store{}
			env.Values["store"] = store
			url := servertest.Serve(t, store)
			env.Setenv("PGDUE_URL", url)
			env.Setenv("TAKEN", strings.TrimPrefix(url, "http://"))
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each command lasts a second under -race
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"history": func(ts *testscript.TestScript, _ bool, args []string) {
				recordHistory(ts.Value("store").(*servertest.Store), args[0])
			},
			"alert": func(ts *testscript.TestScript, _ bool, args []string) {
				recordAlert(ts.Value("store").(*servertest.Store), args[0], args[1], args[2])
			},
		},
	})
}

func recordHistory(store *servertest.Store, id string) {
	at := func(s int) time.Time { return servertest.Now.Add(time.Duration(s) * time.Second) }
	run := func(n int) scheduler.Run {
		return scheduler.Run{JobID: id, RunID: uuid.NewSHA1(uuid.Nil, []byte{byte(n)}), Attempt: 1, Cause: scheduler.CauseSchedule,
			ScheduledRunTime: at(n)}
	}
	first := run(0)
	store.AddRun(scheduler.RunView{State: scheduler.RunEnded, Record: scheduler.Record{Run: first, Outcome: scheduler.Lost,
		Sentence: "the node died", StartedAt: at(0), EndedAt: at(0), Node: "web-2", FireCount: 1}})
	second, status := run(0), 3
	second.Attempt = 2
	store.AddRun(scheduler.RunView{State: scheduler.RunEnded, Record: scheduler.Record{Run: second, Status: &status,
		Output: "hello\tworld\r\nline \x1b[31m2", Final: true, Outcome: scheduler.Failed,
		Error: "exit status 3", StartedAt: at(0), EndedAt: at(1).Add(500 * time.Millisecond), Node: "web-1", FireCount: 1}})
	store.AddRun(scheduler.RunView{State: scheduler.RunEnded, Record: scheduler.Record{Run: run(5), Final: true, Outcome: scheduler.Skipped,
		Reason: scheduler.ReasonMaxInstances, Sentence: "maximum number of running instances reached (1)\nsince 09:00:00",
		EndedAt: at(5), FireCount: 12}})
	store.AddRun(scheduler.RunView{Record: scheduler.Record{Run: run(10), StartedAt: at(10), Node: "web-1"}, State: scheduler.RunRunning})
	store.Change(id, func(o *scheduler.Overview) {
		o.Running, o.LastOutcome, o.LastReason, o.LastRunTime = 1, "skipped", "max_instances", at(10)
		o.Problem = "no live node serves exec"
	})
}
