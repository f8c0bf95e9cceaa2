package why

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
	"github.com/pgdue/pgdue/internal/trigger"
)

const thirteen = "scheduler modify j --max-instances 13; if more must not run at a time, let it fire no more often " +
	"than every 1m4s"

// facts are those of an ordinary job, two seconds after t0: it fires every five seconds, and web-1 serves it.
func facts(t *testing.T, change func(*Facts)) Facts {
	t.Helper()
	f := Facts{ID: "j", Known: true, Look: on(lookAt(t, every5s, t0), at(2)), Retention: 30 * 24 * time.Hour,
		Nodes: []NodeFact{{ID: uuid.Max, Name: "web-1", Alive: true, Queues: []string{job.KindExec.Name}, Slots: 2,
			BeatAt: at(1)}}}
	f.Queue = job.KindExec.Name
	if change != nil {
		change(&f)
	}
	return f
}

var inStockholm = func() *trigger.Trigger {
	t, err := trigger.Parse([]byte(`{"type":"cron","expression":"*/5 * * * * *","timezone":"Europe/Stockholm"}`))
	if err != nil {
		panic(err)
	}
	return t
}()

// ofTwoRules are two nodes like that one, of which one computes by the rules 7.
func ofTwoRules(n NodeFact, other int64) []NodeFact {
	two := n
	n.ZoneRules, n.TZData, two.ZoneRules, two.TZData, two.ID = 7, "2025b", other, "2026a", uuid.Nil
	return []NodeFact{n, two}
}

// stockholmBy lets a job in Stockholm be decided by nodes of the rules 7 and those.
func stockholmBy(other int64) func(*Facts) {
	return func(f *Facts) { f.Job.Trigger, f.Nodes = inStockholm, ofTwoRules(f.Nodes[0], other) }
}

// liveSince are instances of a job that began at the given seconds.
func liveSince(began ...float64) (list []job.Instance) {
	for _, i := range instances(began...) {
		i.State, i.NodeID = job.InstanceExecuting, uuid.Max
		list = append(list, i)
	}
	return list
}

// skippedAt is the record of a fire that met the limit.
func skippedAt(second float64) job.RunView {
	return job.RunView{State: job.RunEnded,
		Record: job.Record{Run: job.Run{RunID: uuid.Max, ScheduledRunTime: at(second)}, Final: true,
			Outcome: job.Skipped, Reason: job.ReasonMaxInstances,
			Sentence: "maximum", EndedAt: at(second), FireCount: 1, FirstRunTime: at(second), LastRunTime: at(second)}}
}

// ranAt is the record of a run.
func ranAt(second float64, outcome job.Outcome, final bool) job.RunView {
	v := skippedAt(second)
	v.Outcome, v.Reason, v.Final, v.Attempt = outcome, "", final, 1
	v.Sentence, v.StartedAt = outcome.InWords()+" after 1s on web-1", at(second)
	return v
}

// replacedAt is the record of a run in whose place the next one began.
func replacedAt(second float64) job.RunView {
	v := ranAt(second, job.Cancelled, true)
	v.Error = job.CancelSentence(job.Itself, policy.ReplacedBy+"2026-03-01 09:00:03 UTC")
	return v
}

// psql is a session that holds a lock.
func psql() Holder {
	return Holder{PID: 4711, User: "ada", Program: "psql", Client: "10.0.0.7", Since: at(-58),
		State: "idle in transaction", Query: "SELECT 1\n FOR UPDATE"}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Facts)
		want   string // code, with a mark where it blocks; "" for none
		told   string // the sentence has it
		remedy string // and the remedy is it
	}{
		{"nothing", nil, "", "", ""},

		{"row locked", func(f *Facts) { f.Holders = []Holder{psql()} }, "row_locked!",
			`its row in pgdue.next_run_times is locked by pid 4711, user ada, application_name "psql", from 10.0.0.7, in a transaction since 2026-03-01 08:59:02 UTC (1m), idle in transaction, its query: "SELECT 1 FOR UPDATE"; claims pass over it`,
			"let its owner end the transaction; at last: SELECT pg_terminate_backend(4711)"},
		{"row locked by one of two", func(f *Facts) { h := psql(); h.OneOf = true; f.Holders = []Holder{h} },
			"row_locked!", "is locked by one of several, perhaps by pid 4711, ", "*"},
		{"row locked by somebody hidden",
			func(f *Facts) { f.Holders = []Holder{{PID: 4711, User: "ada", Hidden: true}} }, "row_locked!",
			"pid 4711, user ada, in a transaction of which this database user may see no more (a superuser may: " +
				"GRANT pg_read_all_stats ", "*"},
		{"row locked by a prepared transaction",
			func(f *Facts) { f.Holders = []Holder{{GID: "it's", User: "ada", Since: at(0)}} }, "row_locked!",
			`is locked by the prepared transaction "it's" of user ada, in a transaction since 2026-03-01 09:00:00 UTC (2s); `, "if its owner has given it up: ROLLBACK PREPARED 'it''s'"},
		{"row locked over a socket", func(f *Facts) { h := psql(); h.Client = ""; f.Holders = []Holder{h} },
			"row_locked!", `"psql", from this server's socket, in `, "*"},
		{"table locked", func(f *Facts) { h := psql(); h.Table, h.Mode = "jobs", "ShareLock"; f.Holders = []Holder{h} },
			"table_locked!",
			"the table pgdue.jobs is locked: pid 4711, user ada, application_name \"psql\", from 10.0.0.7 holds " +
				"ShareLock on it, in a transaction since ", "*"},
		{"table waited for", func(f *Facts) {
			h := psql()
			h.Table, h.Mode, h.Waits, h.Behind = "jobs", "AccessExclusiveLock", true, []int{12, 13}
			f.Holders = []Holder{h}
		}, "table_locked!", "waits, behind pid 12, 13, for AccessExclusiveLock on it, ", "*"},

		{"two tables locked", func(f *Facts) {
			h, g := psql(), psql()
			h.Table, h.Mode, g.Table, g.Mode = "jobs", "ShareLock", "nodes", "ShareLock"
			f.Holders = []Holder{h, g}
		}, "table_locked!", "the tables pgdue.jobs, pgdue.nodes are locked: pid 4711, user ada, application_name " +
			"\"psql\", from 10.0.0.7 holds ShareLock on them, ", "*"},

		{"everything paused", func(f *Facts) {
			f.Pauses = []job.Pause{{PausedAt: at(-60), PausedBy: "ada",
				Reason: "night"}}
		}, "paused_all!",
			"everything has been paused since 2026-03-01 08:59:00 UTC (1m2s) by ada: night", "scheduler resume --all"},
		{"label paused", func(f *Facts) {
			f.Pauses = []job.Pause{{Scope: job.Scope{LabelName: "team", LabelValue: "web"}, PausedAt: at(-60),
				PausedBy: "ada"}}
		}, "paused_label!",
			"all jobs with the label team=web have been paused since 2026-03-01 08:59:00 UTC (1m2s) by ada",
			"scheduler resume --label team=web"},
		{"paused", func(f *Facts) {
			f.Job.State, f.Job.DueAt, f.Job.PausedAt, f.Job.PausedBy, f.Job.PausedReason = job.StatePaused, time.Time{},
				at(1), "ada", "moving"
		}, "paused!", "it has been paused since 2026-03-01 09:00:01 UTC (1s) by ada: moving", "scheduler resume j"},
		{"paused by hand", func(f *Facts) { f.Job.State, f.Job.DueAt = job.StatePaused, time.Time{} }, "paused!",
			"it is paused", "scheduler resume j"},

		{"blocked", func(f *Facts) {
			f.Job.State, f.Job.Error, f.Job.DueAt = job.StateBlocked, "no such thing",
				time.Time{}
		}, "blocked!",
			"it is blocked, as it could not be decided: no such thing",
			"correct it and put it again: scheduler add j --replace …"},
		{"cannot be read", func(f *Facts) { f.Err = errors.New("payload"); f.Job.Trigger = nil }, "blocked!",
			"the next look will block it: payload", "*"},

		{"no node", func(f *Facts) { f.Nodes = nil }, "no_node!",
			"no live node serves its queue, exec; no node is alive at all",
			"scheduler serve --enable-exec --database-url …"},
		{"no node for http", func(f *Facts) { f.Queue = job.KindHTTP.Name }, "no_node!",
			"no live node serves its queue, http; alive are web-1 (exec)", "scheduler serve --database-url …"},
		{"no node for a name of a kind", func(f *Facts) { f.Queue = "exec:gpu" }, "no_node!", "exec:gpu",
			"scheduler serve --enable-exec --database-url …"},
		{"no node for a name of another kind", func(f *Facts) { f.Queue = "func:mail" }, "no_node!", "func:mail",
			"start a node that serves the queue func:mail"},
		{"no node for a queue of somebody's", func(f *Facts) { f.Queue = "sql" }, "no_node!", "sql",
			"start a node that serves the queue sql"},
		{"no row of its schedule", func(f *Facts) { f.Queue = "" }, "blocked!",
			"the row was deleted by hand; any edit makes it anew", "scheduler resume j"},
		{"no node for what will not fire", func(f *Facts) { f.Nodes = nil; finished(&f.Look); f.Job.DueAt = at(day) },
			"finished!", "", "*"},

		{"slots taken and something due", func(f *Facts) { f.Nodes[0].Taken, f.Job.DueAt = 2, at(1) }, "slots_taken!",
			"all slots of the queue exec are taken on each node that serves it: web-1 (2 of 2)", "*"},
		{"slots taken and nothing due", func(f *Facts) { f.Nodes[0].Taken = 2 }, "slots_taken", "web-1 (2 of 2)", "*"},
		{"one slot free", func(f *Facts) { f.Nodes[0].Taken, f.Job.DueAt = 1, at(1) }, "", "", ""},
		{"another node has free slots", func(f *Facts) {
			f.Nodes = append(f.Nodes, f.Nodes[0])
			f.Nodes[0].Taken = 2
		}, "", "", ""},
		{"another node has free slots for other queues", func(f *Facts) {
			f.Nodes = append(f.Nodes, f.Nodes[0])
			f.Nodes[0].Taken, f.Nodes[1].Queues = 2, []string{"http"}
		}, "slots_taken", "web-1 (2 of 2)", "*"},

		{"due and not claimed", func(f *Facts) { f.Job.DueAt = at(-8) }, "not_claimed!",
			"it is due since 2026-03-01 08:59:52 UTC (10s), and no node has claimed it",
			"look at the log, and at /readyz, of the nodes that serve its queue: web-1"},
		{"due just now", func(f *Facts) { f.Job.DueAt = at(-7.9) }, "", "", ""},

		{"runs", func(f *Facts) { f.Live = liveSince(0); f.Job.MaxInstances = 2 }, "", "", ""},
		{"runs, as many as may", func(f *Facts) { f.Live = liveSince(0); f.Pace = took(time.Minute) }, "at_limit",
			"maximum number of running instances reached (1): run ", thirteen},
		{"at its limit, and a fire was skipped", func(f *Facts) {
			f.Live, f.Pace, f.Recent = liveSince(0), took(time.Minute),
				[]job.RunView{skippedAt(1), ranAt(0, job.Succeeded, true)}
		}, "at_limit!", "max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every " +
			"5s); until an instance ends fires are skipped", thirteen},
		{"at its limit, and added again and again", func(f *Facts) {
			f.Live, f.Pace, f.Recent = liveSince(0), took(time.Minute), []job.RunView{skippedAt(1)}
			f.Added = Added{By: "job add-j (ada@web-1)", At: at(1), After: 5 * time.Second}
		}, "at_limit!", "max_instances 13 would be enough (runs take 1m0s, with a margin 1m3s, a fire comes every " +
			"5s); until an instance ends fires are skipped", "job add-j (ada@web-1) adds it again and again, last at " +
			"2026-03-01 09:00:01 UTC, 5s after the time before: add it with --max-instances 13 there; scheduler " +
			"modify j --max-instances 13 lasts until then; if more must not run at a time, let it fire no more " +
			"often than every 1m4s"},
		{"at its limit, and waits",
			func(f *Facts) { f.Live, f.Pace, f.Job.Overlap = liveSince(0), took(time.Minute), job.OverlapWait },
			"at_limit",
			"; until an instance ends fires wait, 100 at most", "scheduler modify j --max-instances 13"},
		{"at its limit, and no more may wait", func(f *Facts) {
			f.Live, f.Job.Overlap, f.Job.MaxWaiting, f.WaitingCount, f.Waiting = liveSince(0), job.OverlapWait, 1, 1,
				[]job.WaitingRun{{CreatedAt: at(1)}}
		}, "at_limit! waiting", "; as many runs wait as may, 1, and until one begins fires are skipped", "*"},
		{"at its limit, and replaces", func(f *Facts) {
			f.Live, f.Pace, f.Job.Overlap = liveSince(0), took(time.Minute), job.OverlapReplace
		}, "at_limit",
			"; the next fire asks the oldest instance to cancel", "scheduler modify j --max-instances 13"},
		{"as many run as may, and more need not", func(f *Facts) {
			f.Live, f.Pace = liveSince(0), took(3*time.Second)
		}, "at_limit", "as many instances run as may (1); as runs go now the limit is enough", ""},
		{"at its limit for once", func(f *Facts) {
			f.Live, f.Pace, f.Recent = liveSince(0), took(3*time.Second), []job.RunView{skippedAt(1)}
		}, "at_limit!", "; max_instances 2 would be enough (runs take 3s, with a margin 3.2s, a fire comes every 5s); ",
			"scheduler modify j --max-instances 2; if more must not run at a time, let fires wait for their turn: " +
				"scheduler modify j --overlap wait"},
		{"work that takes about as long as the gap", func(f *Facts) {
			queue := f.Queue
			f.Look = on(lookAt(t, `{"type":"interval","every":"3s"}`, t0), at(2))
			f.Queue = queue
			f.Live, f.Pace, f.Recent = liveSince(0), took(2990*time.Millisecond), []job.RunView{skippedAt(1)}
		}, "at_limit!", "; max_instances 2 would be enough ",
			"scheduler modify j --max-instances 2; if more must not run at a time, let it fire no more often than " +
				"every 4s"},
		{"at its limit, and no run has ended", func(f *Facts) {
			f.Live, f.Recent, f.Now = liveSince(0), []job.RunView{skippedAt(5)}, at(7)
			f.Job.NextRunTime, f.Job.DueAt = at(10), at(10)
		}, "at_limit!", "; at least max_instances 2 ", "scheduler modify j --max-instances 2; if more must not run " +
			"at a time, let it fire less often than runs take"},
		{"a one-off at its limit", func(f *Facts) { f.Live = liveSince(0); f.Job.NextRunTime = time.Time{} },
			"at_limit", "max_instances 2 lets one more run beside it",
			"scheduler modify j --max-instances 2; or wait for the end of a run"},

		{"finished", func(f *Facts) { finished(&f.Look); f.Job.DueAt = at(day) }, "finished!",
			"it is finished and will not fire again; its last fire time was 2026-03-01 09:00:00 UTC; its row stays " +
				"until 2026-03-02 09:00:00 UTC",
			"add it again under its id, or run it once more: scheduler run-now j"},

		{"skipped before", func(f *Facts) {
			f.Pace, f.Recent = took(time.Minute),
				[]job.RunView{ranAt(2, job.Succeeded, true), skippedAt(1), skippedAt(0)}
		}, "skipped_before",
			"of the latest fires 2 met the limit and were skipped, the last one that of 2026-03-01 09:00:01 UTC: " +
				"maximum number of running instances reached (1); max_instances 13 would be enough",
			thirteen},
		{"skipped before the limit was raised", func(f *Facts) {
			f.Pace, f.Job.MaxInstances, f.Recent = took(time.Minute), 13, []job.RunView{skippedAt(1)}
		}, "skipped_before", "of the latest fires 1 met the limit and was skipped, the last one that of 2026-03-01 " +
			"09:00:01 UTC: maximum number of running instances reached (13); as runs go now the limit is enough", ""},
		{"skipped at this very limit", func(f *Facts) {
			f.Pace, f.Job.MaxInstances, f.Recent = took(time.Minute), 13, []job.RunView{skippedAt(1)}
			f.Recent[0].Sentence = "maximum number of running instances reached (13): run 1 has been running"
		}, "skipped_before", "reached (13); max_instances 14 would be enough (runs take 1m0s", "scheduler modify j " +
			"--max-instances 14; if more must not run at a time, let fires wait for their turn: scheduler modify j " +
			"--overlap wait"},
		{"skipped for another reason",
			func(f *Facts) { f.Recent = []job.RunView{skippedAt(1)}; f.Recent[0].Reason = job.ReasonPaused }, "", "",
			""},

		{"waits", func(f *Facts) {
			f.WaitingCount, f.Waiting = 3,
				[]job.WaitingRun{{Run: job.Run{RunID: uuid.Max, Cause: job.CauseManual}, CreatedAt: at(1)}}
		}, "waiting", "3 runs wait for the next look at the job, the first, ffffffff-ffff-ffff-ffff-ffffffffffff " +
			"(manual), since 2026-03-01 09:00:01 UTC (1s)", ""},

		{"retrying", func(f *Facts) {
			f.Live, f.Job.MaxInstances, f.Job.MaxAttempts = liveSince(0), 2, 3
			f.Live[0].State, f.Live[0].NotBefore, f.Live[0].Attempt = job.InstanceRetrying, at(7), 1
		}, "retrying", " is between attempts 1 and 2 of at most 3, and counts as an instance; the next begins at " +
			"2026-03-01 09:00:07 UTC (in 5s)", "to give it up: scheduler cancel j " + liveSince(0)[0].RunID.String()},
		{"at its limit, and tries again after the next fire", func(f *Facts) {
			f.Live, f.Job.MaxAttempts, f.Pace = liveSince(0), 3, took(time.Second)
			f.Live[0].State, f.Live[0].NotBefore, f.Live[0].Attempt = job.InstanceRetrying, at(7), 1
		}, "at_limit! retrying", " waits for its attempt 2 until 2026-03-01 09:00:07 UTC, and counts meanwhile; " +
			"max_instances 2 lets one more run beside it, and a shorter retry.max makes room sooner; ",
			"scheduler modify j --max-instances 2; or give the run up: scheduler cancel j " +
				liveSince(0)[0].RunID.String()},
		{"at its limit, and tries again before the next fire", func(f *Facts) {
			f.Live, f.Job.MaxAttempts = liveSince(0), 3
			f.Live[0].State, f.Live[0].NotBefore, f.Live[0].Attempt = job.InstanceRetrying, at(4), 1
		}, "at_limit retrying", "", "*"},
		{"above a limit that was lowered", func(f *Facts) { f.Live = liveSince(0, 1) }, "at_limit!", "", "*"},
		{"finished, and runs", func(f *Facts) { f.Live = liveSince(0); finished(&f.Look) }, "finished",
			"it is finished and will not fire again; its last fire time was 2026-03-01 09:00:00 UTC; 1 run " +
				"is still running", ""},

		{"a run that cannot be stopped", func(f *Facts) {
			f.Live, f.Job.MaxInstances = liveSince(0), 2
			f.Live[0].State, f.Live[0].Trouble = job.InstanceExecuting, "process 7 (ping) runs as user 0"
		}, "stuck", " cannot be stopped on web-1", ""},

		{"replaced again and again",
			func(f *Facts) { f.Recent = []job.RunView{replacedAt(2), replacedAt(1), ranAt(0, job.Succeeded, true)} },
			"replaced",
			"its latest 2 runs were each replaced by the next: while runs take longer than the gap between two " +
				"fires, overlap replace lets none succeed",
			"let it fire less often, or let runs end: scheduler modify j --overlap skip"},
		{"replaced once", func(f *Facts) {
			f.Recent = []job.RunView{replacedAt(2), ranAt(0, job.Succeeded, true),
				replacedAt(-1)}
		}, "", "", ""},

		{"fails", func(f *Facts) {
			f.Recent = []job.RunView{ranAt(2, job.Failed, true), skippedAt(2), ranAt(1, job.TimedOut, true),
				ranAt(1, job.Lost, false), ranAt(0, job.Succeeded, true), ranAt(-1, job.Failed, true)}
			f.Recent[1].Reason = job.ReasonMisfire
		}, "failing", "its latest 2 runs did not succeed: that of 2026-03-01 09:00:02 UTC failed after 1s on web-1",
			"scheduler runs j ffffffff-ffff-ffff-ffff-ffffffffffff"},
		{"failed once, then succeeded",
			func(f *Facts) { f.Recent = []job.RunView{ranAt(2, job.Succeeded, true), ranAt(1, job.Failed, true)} }, "",
			"", ""},
		{"failed, and tries again", func(f *Facts) { f.Recent = []job.RunView{ranAt(2, job.Failed, false)} }, "", "",
			""},
		{"was cancelled", func(f *Facts) { f.Recent = []job.RunView{ranAt(2, job.Cancelled, true)} }, "", "", ""},

		{"a node is silent, and another is there", func(f *Facts) {
			f.Job.MaxInstances, f.Live = 2, liveSince(0)
			f.Nodes = append(f.Nodes, f.Nodes[0])
			f.Nodes[1].ID, f.Nodes[1].Name = uuid.Nil, "web-2"
			f.Nodes[0].BeatAt = at(-8)
		}, "node_silent", "node web-1 has not renewed its lease since 2026-03-01 08:59:52 UTC (10s); it holds 1 " +
			"instance of this job; web-2 frees what it holds within 18s of its last renewal", ""},
		{"a node is silent for longer than it takes to be found dead", func(f *Facts) {
			f.Nodes = append(f.Nodes, f.Nodes[0])
			f.Nodes[1].ID, f.Nodes[1].Name = uuid.Nil, "web-2"
			f.Nodes[0].BeatAt = at(-28)
		}, "node_silent", "; web-2 frees what it holds within 18s of its own start, or its return to the database", ""},
		{"the only node is silent", func(f *Facts) { f.Nodes[0].BeatAt = at(-9) }, "node_silent",
			"; no other node is alive to free what it holds", "scheduler serve --enable-exec --database-url …"},
		{"a node is a little late", func(f *Facts) { f.Nodes[0].BeatAt = at(-7.9) }, "", "", ""},
		{"a node is judged dead", func(f *Facts) {
			f.Nodes = append(f.Nodes, f.Nodes[0])
			f.Nodes[1].ID, f.Nodes[1].Alive = uuid.Nil, false
		}, "node_silent", "node web-1 was judged dead, and what it ran is being ended as lost; web-1 frees", ""},
		{"an instance's node has no row",
			func(f *Facts) { f.Job.MaxInstances, f.Live = 2, liveSince(0); f.Live[0].NodeID = uuid.Nil }, "node_silent",
			"node 00000000-0000-0000-0000-000000000000 has no row in pgdue.nodes; it holds 1 instance", ""},

		{"the clock is ahead", func(f *Facts) { f.Skew, f.SkewWithin = 3*time.Second, time.Second }, "clock",
			"the database's clock is 3s ahead of that of the process that answers (it shows 2026-03-01 09:00:02 UTC)",
			"*"},
		{"the clock is behind", func(f *Facts) { f.Skew = -2 * time.Second }, "clock",
			"the database's clock is 2s behind ", "*"},
		{"decided by a clock that was ahead",
			func(f *Facts) { f.Job.NextRunTime, f.Job.LastRunTime = at(605), at(600) },
			"ahead!", "its next run, 2026-03-01 09:10:05 UTC, lies 10m further ahead than its trigger allows from " +
				"now, 2026-03-01 09:00:05 UTC; the database's clock was set back",
			"scheduler mend-clock --apply"},
		{"moved ahead by a person", func(f *Facts) { f.Job.NextRunTime, f.Job.Moved = at(605), true }, "", "", ""},
		{"nodes of other time zone rules", stockholmBy(8), "zone_rules", "nodes compute its local times by different " +
			"rules of time zones: web-1 (tzdata 2025b), web-1 (tzdata 2026a)", "*"},
		{"nodes of equal ones", stockholmBy(7), "", "", ""},
		{"nodes of other ones, and no zone", func(f *Facts) { f.Nodes = ofTwoRules(f.Nodes[0], 8) }, "", "", ""},
		{"the clock may be right", func(f *Facts) { f.Skew, f.SkewWithin = 3*time.Second, 1100*time.Millisecond }, "",
			"", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Explain(facts(t, c.change))
			var got []string
			for _, x := range a.Findings {
				if got = append(got, x.Code); x.Blocks {
					got[len(got)-1] += "!"
				}
			}
			if want := strings.Fields(c.want); !slices.Equal(got, want) {
				t.Fatalf("findings %v, want %v: %+v", got, want, a.Findings)
			}
			if c.want == "" {
				return
			}
			if x := a.Findings[0]; !strings.Contains(x.Sentence, c.told) || c.remedy != "*" && x.Remedy != c.remedy {
				t.Errorf("%q, remedy %q; want %q, remedy %q", x.Sentence, x.Remedy, c.told, c.remedy)
			}
		})
	}
}

// A pause holds the next attempt too.
func TestWhyARetryWaitsForThePause(t *testing.T) {
	f := facts(t, func(f *Facts) {
		f.Live, f.Job.MaxInstances, f.Job.MaxAttempts, f.Job.State = liveSince(0), 2, 3, job.StatePaused
		f.Live[0].State, f.Live[0].NotBefore, f.Live[0].Attempt = job.InstanceRetrying, at(7), 1
	})
	const want = "; the next begins when the pause ends, and not before 2026-03-01 09:00:07 UTC (in 5s)"
	if a := Explain(f); len(a.Findings) != 2 || !strings.Contains(a.Findings[1].Sentence, want) {
		t.Errorf("findings %+v, want one that says %q", a.Findings, want)
	}
}

// What stands in the way is told in the order of its urgency, and the first of it is the verdict.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Facts)
		want   string
	}{
		{"as planned", nil, "j runs as planned; it fires next at 2026-03-01 09:00:05 UTC (in 3s)"},
		{"far away", func(f *Facts) { f.Job.NextRunTime, f.Job.DueAt, f.Job.Moved = at(10*day+3), at(10*day+3), true },
			"j runs as planned; it fires next at 2026-03-11 09:00:03 UTC (in 1w3d)"},
		{"due now", func(f *Facts) { f.Now = at(5.5) },
			"j runs as planned; its fire of 2026-03-01 09:00:05 UTC is due now"},
		{"delayed", func(f *Facts) { f.Now, f.Job.DueAt = at(6), at(8) },
			"j runs as planned; its fire of 2026-03-01 09:00:05 UTC begins at 2026-03-01 09:00:08 UTC (in 2s), " +
				"delayed by its jitter"},
		{"unknown", func(f *Facts) { f.Job.NextRunTime, f.Job.DueAt = time.Time{}, at(60) },
			"j runs as planned; its trigger names no fire time yet, and is asked again at 2026-03-01 09:01:00 UTC"},
		{"in a zone", func(f *Facts) {
			f.Job.Trigger = lookAt(t, `{"type":"interval","every":"5s","timezone":"Europe/Stockholm"}`, t0).Trigger
		}, "j runs as planned; it fires next at 2026-03-01 10:00:05 CET (2026-03-01 09:00:05 UTC) (in 3s)"},
		{"fails", func(f *Facts) { f.Recent = []job.RunView{ranAt(1, job.Failed, true)} },
			"j runs as planned, but its latest run did not succeed; it fires next at 2026-03-01 09:00:05 UTC (in 3s)"},
		{"is replaced", func(f *Facts) { f.Recent = []job.RunView{replacedAt(2), replacedAt(1)} },
			"j runs as planned, but its latest 2 runs were each replaced by the next; it fires next at 2026-03-01 " +
				"09:00:05 UTC (in 3s)"},
		{"finished, and runs", func(f *Facts) { finished(&f.Look); f.Live = liveSince(0) },
			"j runs as planned; it will not fire again, and 1 run is still running"},
		{"finished, and one waits",
			func(f *Facts) { finished(&f.Look); f.WaitingCount, f.Waiting = 1, []job.WaitingRun{{CreatedAt: at(2)}} },
			"j runs as planned; it is finished, and what still waits is begun"},
		{"paused and without a node",
			func(f *Facts) { f.Nodes = nil; f.Job.State, f.Job.PausedBy = job.StatePaused, "ada" },
			"j does not run: it is paused by ada"},
		{"at its limit", func(f *Facts) {
			f.Live, f.Pace, f.Recent = liveSince(0), took(time.Minute), []job.RunView{skippedAt(1)}
		}, "j is at its limit: maximum number of running instances reached (1); max_instances 13 would be enough " +
			"(runs take 1m0s, with a margin 1m3s, a fire comes every 5s)"},
		{"unread", func(f *Facts) {
			h := psql()
			h.Table, h.Mode = "jobs", "AccessExclusiveLock"
			*f = Facts{ID: "j", Look: policy.Look{Now: f.Now}, Unread: true, Holders: []Holder{h}}
		},
			`j cannot be read: the table pgdue.jobs is locked: pid 4711, user ada, application_name "psql", from 10.0.0.7 holds AccessExclusiveLock on it, ` +
				`in a transaction since 2026-03-01 08:59:02 UTC (1m), idle in transaction, its query: "SELECT 1 FOR UPDATE"`},
		{"unread for a moment", func(f *Facts) { *f = Facts{ID: "j", Look: policy.Look{Now: f.Now}, Unread: true} },
			"j cannot be read: a lock on a table was in the way, and is gone by now; ask again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Explain(facts(t, c.change)).Verdict; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestUnknownJobTellsWhatIsLeft(t *testing.T) {
	for _, c := range []struct {
		gone Gone
		want string
	}{
		{Gone{}, `there is no job "j"`},
		{Gone{RemovedAt: t0, RemovedBy: "ada"},
			`there is no job "j"; it was removed on 2026-03-01 09:00:00 UTC by ada`},
		{Gone{RemovedAt: t0, RemovedBy: "ada", Reason: "moved", Running: 1, LastEnded: at(1)},
			`there is no job "j"; it was removed on 2026-03-01 09:00:00 UTC by ada: moved; 1 run of it is still running; ` +
				"its latest record is of 2026-03-01 09:00:01 UTC: `scheduler runs j` shows its history"},
	} {
		f := Facts{ID: "j", Gone: c.gone}
		if got := f.Unknown(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
