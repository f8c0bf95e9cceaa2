package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pgdue/pgdue/internal/server/servertest"
	"github.com/pgdue/pgdue/internal/storetest"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"scheduler": main})
}

// tests run with the database server that they share.
type tests struct{ *testing.M }

func (t tests) Run() int { return storetest.Run(t.M) }

// TestScripts runs testdata/*.txtar, each against a server with a store of its own, whose clock stands still. The
// command `history ID` records what became of three fire times, the first of them in two attempts, and lets the clock
// stand at the last of them; `alert ID KIND STATE` records an alert; `unserved QUEUE` leaves a queue to no node;
// `payloads ID` prints what the runs that wait are given, a line for each, the oldest first. $TAKEN is an address on
// which somebody listens.
func TestScripts(t *testing.T) {
	t.Parallel()
	on := func(do func(testing.TB, *pgx.Conn, []string)) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, _ bool, args []string) {
			do(ts.Value("t").(testing.TB), ts.Value("conn").(*pgx.Conn), args)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			t := env.T().(testing.TB)
			store, conn := servertest.Open(t)
			env.Values["t"], env.Values["conn"] = t, conn
			url := servertest.Serve(t, store)
			env.Setenv("PGDUE_URL", url)
			env.Setenv("TAKEN", strings.TrimPrefix(url, "http://"))
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each command lasts a second under -race
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"history": on(func(t testing.TB, conn *pgx.Conn, args []string) { recordHistory(t, conn, args[0]) }),
			"alert": on(func(t testing.TB, conn *pgx.Conn,
				args []string) {
				recordAlert(t, conn, args[0], args[1], args[2])
			}),
			"unserved": on(func(t testing.TB, conn *pgx.Conn, args []string) {
				storetest.Exec(t, conn, "UPDATE pgdue.nodes SET queues = array_remove(queues, $1)", args[0])
			}),
			"payloads": func(ts *testscript.TestScript, _ bool, args []string) {
				fmt.Fprintln(ts.Stdout(),
					waitingPayloads(ts.Value("t").(testing.TB), ts.Value("conn").(*pgx.Conn), args[0]))
			},
		},
	})
}

func recordHistory(t testing.TB, conn *pgx.Conn, id string) {
	at := func(s int) time.Time { return servertest.Now.Add(time.Duration(s) * time.Second) }
	run := func(n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte{byte(n)}) }
	storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, cause, attempt, final, scheduled_run_time, first_run_time, last_run_time,
			job_revision, outcome, sentence, started_at, ended_at, node, status, output, error)
		VALUES ($1, $2, 'schedule', 1, false, $3, $3, $3, 1, 'lost', 'the node died', $3, $3, 'web-2', NULL, NULL, NULL),
		       ($1, $2, 'schedule', 2, true, $3, $3, $3, 1, 'failed', '', $3, $4, 'web-1', 3, $5, 'exit status 3')`,
		id, run(0), at(0), at(1).Add(500*time.Millisecond), "hello\tworld\r\nline \x1b[31m2")
	storetest.Exec(t, conn, `INSERT INTO pgdue.run_history (job_id, run_id, cause, attempt, final, scheduled_run_time, first_run_time, last_run_time,
			job_revision, outcome, reason, sentence, ended_at, fire_count)
		VALUES ($1, $2, 'schedule', 1, true, $3, $3, $3, 1, 'skipped', 'max_instances', $4, $3, 12)`,
		id, run(5), at(5), "maximum number of running instances reached (1)\nsince 09:00:00")
	storetest.Exec(t, conn, `INSERT INTO pgdue.running_instances (job_id, run_id, cause, attempt, node_id, scheduled_run_time, started_at,
			job_revision, fire_count, first_run_time, last_run_time)
		VALUES ($1, $2, 'schedule', 1, $3, $4, $4, 1, 1, $4, $4)`, id, run(10), servertest.Node, at(10))
	storetest.Exec(t, conn, `UPDATE pgdue.next_run_times
		SET last_run_time = $2, next_run_time = greatest(next_run_time, $3), due_at = greatest(due_at, $3) WHERE job_id = $1`, id, at(10), at(15))
	servertest.SetNow(t, conn, at(10))
}

func waitingPayloads(t testing.TB, conn *pgx.Conn, id string) string {
	return storetest.Query[string](t, conn, `SELECT string_agg(to_json(w.payload)::text, E'\n' ORDER BY e.id)
		FROM pgdue.waiting_runs w JOIN pgdue.job_events e ON e.after ->> 'run_id' = w.run_id::text WHERE w.job_id = $1`, id)
}
